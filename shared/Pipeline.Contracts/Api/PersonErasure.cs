namespace Pipeline.Contracts.Api;

/// <summary>
/// Answer of <c>PUT</c> and <c>GET /api/guilds/{guildId}/erasures/{userId}</c>: how far the erasure of one person from a server's
/// recordings is. The figures are complete when it is over.
/// </summary>
public sealed record PersonErasure
{
    public const string Erasing = "erasing";
    public const string Erased = "erased";

    public string UserId { get; init; } = "";

    /// <summary>erasing or erased.</summary>
    public string Status { get; init; } = Erasing;

    public DateTimeOffset RequestedAt { get; init; }

    /// <summary>Null while something is left.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>In which something of the person was.</summary>
    public int Recordings { get; init; }

    public int Segments { get; init; }

    /// <summary>Of speech, at 48 kHz.</summary>
    public long Samples { get; init; }
}
