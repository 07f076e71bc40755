namespace Pipeline.Discord.Model;

/// <summary>What was used and with which values. Which fields are set depends on <see cref="Interaction.Kind"/>.</summary>
public sealed record InteractionData
{
    /// <summary>Command: its name.</summary>
    public string? Name { get; init; }

    /// <summary>Command: its options; a subcommand is an option with options of its own.</summary>
    public IReadOnlyList<InteractionOption> Options { get => field ?? []; init; }

    /// <summary>Component or form: the id that the bot gave it.</summary>
    public string? CustomId { get; init; }

    /// <summary>Select menu: what was chosen.</summary>
    public IReadOnlyList<string> Values { get => field ?? []; init; }

    /// <summary>Form: rows of fields.</summary>
    public IReadOnlyList<InteractionComponent> Components { get => field ?? []; init; }
}
