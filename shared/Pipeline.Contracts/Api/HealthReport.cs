namespace Pipeline.Contracts.Api;

/// <summary>Answer of <c>GET /api/health</c>.</summary>
public sealed record HealthReport
{
    /// <summary><c>healthy</c>, <c>degraded</c> (something waits for a person) or <c>unhealthy</c> (the storage is away).</summary>
    public required string Status { get; init; }

    public required StorageHealth Storage { get; init; }

    /// <summary>Messages per queue, hidden ones included.</summary>
    public IReadOnlyDictionary<string, int> Queues { get; init; } = new Dictionary<string, int>();

    /// <summary>Messages per poison queue.</summary>
    public IReadOnlyDictionary<string, int> Poison { get; init; } = new Dictionary<string, int>();

    /// <summary>Messages that were driven back as often as allowed and are kept in the reports table.</summary>
    public int GivenUpMessages { get; init; }

    /// <summary>Whole seconds by which the storage's clock is ahead of ours; links are counted by its clock.</summary>
    public long StorageClockAheadSeconds { get; init; }

    /// <summary>What links to recordings begin with; null: the address that a request came to.</summary>
    public Uri? PublicBaseUrl { get; init; }

    /// <summary>Notes about recordings in the reports table: segments altered, refused, not adding up.</summary>
    public int RecordingReports { get; init; }
}

/// <param name="Fault">One line; null when all three services answer.</param>
public sealed record StorageHealth(bool Blobs, bool Queues, bool Tables, string? Fault);
