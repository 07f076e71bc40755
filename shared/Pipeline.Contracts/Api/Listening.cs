namespace Pipeline.Contracts.Api;

/// <summary>One person's audio in a recording. Samples at 48 kHz.</summary>
public sealed record RecordingTrack
{
    public required string UserId { get; init; }
    public required string Username { get; init; }

    /// <summary>Counts from 1, by who spoke first.</summary>
    public required int TrackNumber { get; init; }

    /// <summary>From the start of the recording to the end of the last segment.</summary>
    public required long DurationSamples { get; init; }

    /// <summary>All segments together.</summary>
    public required long SpokenSamples { get; init; }

    /// <summary>Counters by name, as the bot keeps them.</summary>
    public IReadOnlyDictionary<string, long> Health { get; init; } = new Dictionary<string, long>();
}

/// <summary>Answer of <c>GET /api/recordings/{recordingId}/segments</c>: by start, then user and index.</summary>
public sealed record SegmentPage
{
    public required IReadOnlyList<SegmentEntry> Segments { get; init; }

    /// <summary>Give it back as <c>after</c> for the next page; null at the end.</summary>
    public string? Next { get; init; }
}

/// <summary>A segment that can be read. Positions in samples at 48 kHz since the start of the recording.</summary>
public sealed record SegmentEntry
{
    public required string UserId { get; init; }
    public required int SegmentIndex { get; init; }
    public required long StartSample { get; init; }
    public required long SampleCount { get; init; }

    /// <summary>Null where the caller of finalize did not say.</summary>
    public int? Channels { get; init; }

    public required long Bytes { get; init; }
    public required string Format { get; init; }

    /// <summary>Reads the file until <see cref="UrlExpiresAt"/>; a secret.</summary>
    public required string Url { get; init; }

    public DateTimeOffset UrlExpiresAt { get; init; }
}

/// <summary>Body of <c>PATCH /api/recordings/{recordingId}</c>.</summary>
public sealed record TitleRequest
{
    /// <summary>1-100 characters; empty for none; left out to leave it.</summary>
    public string? Title { get; init; }

    /// <summary>True: the recording is not deleted by its age; it cannot be taken back. Left out to leave it.</summary>
    public bool? IsKept { get; init; }
}
