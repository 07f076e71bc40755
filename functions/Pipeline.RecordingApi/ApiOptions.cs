namespace Pipeline.RecordingApi;

/// <summary>What the recording API is told by the executable that carries it.</summary>
public sealed record ApiOptions
{
    /// <summary>What callers must show; null where somebody in front has asked for a key already. A secret.</summary>
    public string? Key { get; init; }

    /// <summary>Nothing stays live for longer.</summary>
    public required TimeSpan LiveLimit { get; init; }
}
