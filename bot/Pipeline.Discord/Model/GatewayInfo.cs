namespace Pipeline.Discord.Model;

/// <summary>Answer of <c>GET /gateway/bot</c>.</summary>
public sealed record GatewayInfo
{
    public required string Url { get; init; }

    /// <summary>How many shards Discord recommends.</summary>
    public int Shards { get; init; } = 1;

    public SessionStartLimit SessionStartLimit { get => field ?? new(); init; }
}

/// <summary>How many Identify messages are left. Exceeding them makes Discord reset the bot's token.</summary>
public sealed record SessionStartLimit
{
    public int Total { get; init; } = 1000;
    public int Remaining { get; init; } = 1000;

    /// <summary>Milliseconds until <see cref="Remaining"/> is <see cref="Total"/> again.</summary>
    public double ResetAfter { get; init; }

    /// <summary>Shards whose ids differ modulo this number may identify at once; the same one waits 5 s.</summary>
    public int MaxConcurrency { get; init; } = 1;
}
