namespace Pipeline.Discord.Rest;

/// <summary>Which mentions ping. Empty lists: none, the mention is only a name.</summary>
public sealed record AllowedMentions
{
    public IReadOnlyList<string> Parse { get; init; } = [];
    public IReadOnlyList<ulong>? Users { get; init; }
}
