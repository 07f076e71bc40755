using Pipeline.Discord.Model;

namespace Pipeline.Bot.Commands;

/// <summary>One use of a command or button inside a guild.</summary>
internal sealed record CommandContext(ulong GuildId, Interaction Interaction, InteractionAnswer Answer)
{
    public GuildMember Caller => Interaction.Member!;

    public ulong CallerId => Interaction.Member!.User!.Id;

    /// <summary>The subcommand of <c>/record</c>, else the command itself.</summary>
    public string Subcommand => Interaction.Data switch
    {
        { Name: CommandDefinitions.Record, Options: [var first, ..] } => first.Name,
        { } data => data.Name ?? "",
        null => "",
    };

    /// <summary>The option of that name, of the command or of its subcommand; null when it was left out.</summary>
    public InteractionOption? Option(string name)
    {
        IReadOnlyList<InteractionOption> options = Interaction.Data?.Options ?? [];
        return options.Concat(options.SelectMany(option => option.Options))
            .FirstOrDefault(option => option.Name == name && option.Options.Count == 0 && option.Value is not null);
    }
}
