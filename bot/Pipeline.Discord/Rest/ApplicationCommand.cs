namespace Pipeline.Discord.Rest;

/// <summary>A slash command as the bot declares it (Discord: Application Command Object).</summary>
public sealed record ApplicationCommand
{
    /// <summary>1-32 lower-case characters.</summary>
    public required string Name { get; init; }

    /// <summary>1-100 characters.</summary>
    public required string Description { get; init; }

    public int Type { get => field == 0 ? 1 : field; init; }
    public IReadOnlyList<CommandOption>? Options { get; init; }

    /// <summary>Where it can be used; 0 is guilds only.</summary>
    public IReadOnlyList<int>? Contexts { get; init; }

    /// <summary>Bit set as text; null: everybody.</summary>
    public string? DefaultMemberPermissions { get; init; }

    /// <summary>Whether Discord's copy means the same, whatever else it carries.</summary>
    public bool SameAs(ApplicationCommand other) =>
        Name == other.Name && Description == other.Description && Type == other.Type
        && DefaultMemberPermissions == other.DefaultMemberPermissions
        && (Contexts ?? []).Order().SequenceEqual((other.Contexts ?? []).Order())
        && CommandOption.SameAs(Options, other.Options);
}
