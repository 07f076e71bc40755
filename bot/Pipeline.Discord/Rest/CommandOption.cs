namespace Pipeline.Discord.Rest;

/// <summary>An option or subcommand (Discord: Application Command Option Structure).</summary>
public sealed record CommandOption
{
    public required CommandOptionKind Type { get; init; }
    public required string Name { get; init; }
    public required string Description { get; init; }
    public bool? Required { get; init; }
    public int? MaxLength { get; init; }
    public bool? Autocomplete { get; init; }

    /// <summary>Of an <see cref="CommandOptionKind.Integer"/>.</summary>
    public int? MinValue { get; init; }

    /// <summary>Of an <see cref="CommandOptionKind.Integer"/>.</summary>
    public int? MaxValue { get; init; }

    /// <summary>Which channels can be chosen; 2 is voice, 13 stage.</summary>
    public IReadOnlyList<int>? ChannelTypes { get; init; }

    public IReadOnlyList<CommandChoice>? Choices { get; init; }
    public IReadOnlyList<CommandOption>? Options { get; init; }

    internal static bool SameAs(IReadOnlyList<CommandOption>? one, IReadOnlyList<CommandOption>? other)
    {
        IReadOnlyList<CommandOption> mine = one ?? [];
        IReadOnlyList<CommandOption> theirs = other ?? [];
        return mine.Count == theirs.Count && mine.Zip(theirs).All(pair => pair.First.SameAs(pair.Second));
    }

    private bool SameAs(CommandOption other) =>
        Type == other.Type && Name == other.Name && Description == other.Description
        && (Required ?? false) == (other.Required ?? false)
        && (Autocomplete ?? false) == (other.Autocomplete ?? false)
        && MaxLength == other.MaxLength
        && MinValue == other.MinValue && MaxValue == other.MaxValue
        && (ChannelTypes ?? []).Order().SequenceEqual((other.ChannelTypes ?? []).Order())
        && (Choices ?? []).SequenceEqual(other.Choices ?? [])
        && SameAs(Options, other.Options);
}

/// <summary>One of the values of an option.</summary>
public sealed record CommandChoice(string Name, string Value);

/// <summary>Discord: Application Command Option Type.</summary>
public enum CommandOptionKind
{
    Subcommand = 1,
    SubcommandGroup = 2,
    Text = 3,
    Integer = 4,
    Truth = 5,
    User = 6,
    Channel = 7,
    Role = 8,
}
