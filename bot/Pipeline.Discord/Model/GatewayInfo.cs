namespace Pipeline.Discord.Model;

/// <summary>Answer of <c>GET /gateway/bot</c>.</summary>
public sealed record GatewayInfo
{
    public required string Url { get; init; }

    /// <summary>How many shards Discord recommends.</summary>
    public int Shards { get; init; } = 1;

    public SessionStartLimit SessionStartLimit { get => field ?? new(); init; }
}
