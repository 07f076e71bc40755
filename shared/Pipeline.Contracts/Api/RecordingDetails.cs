namespace Pipeline.Contracts.Api;

/// <summary>Answer of <c>GET /api/recordings/{id}</c>: the summary and everything below it.</summary>
public sealed record RecordingDetails : RecordingSummary
{
    /// <summary>
    /// By start time, the first 5,000. Empty while live, and where the caller does not want them. <c>GET …/segments</c> lists all, in
    /// pages.
    /// </summary>
    public required IReadOnlyList<RecordingSegment> Segments { get; init; }

    /// <summary>The same as <see cref="RecordingSummary.RecordedAt"/>, as people who listen know it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Null while live.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Samples at 48 kHz since the start; while live as far as anybody knows.</summary>
    public long? DurationSamples { get; init; }

    /// <summary>Before this position everything that was heard is in its final place: it can be played, and is not lost any more.</summary>
    public long? SafeSamples { get; init; }

    public IReadOnlyList<RecordingTrack> Tracks { get; init; } = [];

    /// <summary>While live, what everybody in an end-to-end encrypted call sees as its privacy code.</summary>
    public string? PrivacyCode { get; init; }

    /// <summary>Milliseconds of the longest segment; null while live.</summary>
    public long? LongestSegment { get; init; }

    /// <summary>How far its text is; null where transcripts are off or nothing was sent yet.</summary>
    public TranscriptState? Transcript { get; init; }

    /// <summary>What the caller's link allows; null for a caller with the key, who may do everything.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    public IReadOnlyList<MissingSegment> MissingSegments { get; init; } = [];
    public IReadOnlyList<RecordingGap> Gaps { get; init; } = [];
    public IReadOnlyList<RecordingNote> Notes { get; init; } = [];

    /// <summary>What people said about being recorded; null where nobody asked.</summary>
    public ConsentLedger? Consent { get; init; }

    /// <summary>Counters by user id.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Health { get; init; } = new Dictionary<string,
        IReadOnlyDictionary<string, long>>();

    /// <summary>User ids whose segments do not add up to what the bot announced; empty when all is well.</summary>
    public IReadOnlyList<string> UnverifiedUserIds { get; init; } = [];
}

/// <summary>One finished segment.</summary>
public sealed record RecordingSegment
{
    public required string UserId { get; init; }
    public required string Username { get; init; }
    public required int SegmentIndex { get; init; }
    public required string FileName { get; init; }
    public required string FilePath { get; init; }

    /// <summary>Unix ms.</summary>
    public required long AbsoluteStartTime { get; init; }

    /// <summary>Unix ms.</summary>
    public required long AbsoluteEndTime { get; init; }

    /// <summary>Milliseconds.</summary>
    public required long Duration { get; init; }

    /// <summary>Bytes.</summary>
    public required long FileSize { get; init; }

    public required string Format { get; init; }

    /// <summary>Where it lives, without a right to read it.</summary>
    public required string BlobUrl { get; init; }

    /// <summary>Exact position since the start of the recording, samples at 48 kHz; null where the caller of the API did not say.</summary>
    public long? StartSample { get; init; }

    /// <summary>Samples per channel; null where the caller of the API did not say.</summary>
    public long? SampleCount { get; init; }

    public int? Channels { get; init; }

    /// <summary>Base64, as in Content-MD5; null where the caller of the API did not say.</summary>
    public string? ContentMd5 { get; init; }

    /// <summary>A link that reads it until <see cref="DownloadExpiresAt"/>; a secret.</summary>
    public string? DownloadUrl { get; init; }

    public DateTimeOffset? DownloadExpiresAt { get; init; }
}

/// <summary>A segment that was announced and never arrived.</summary>
public sealed record MissingSegment
{
    public required string UserId { get; init; }
    public required int SegmentIndex { get; init; }

    /// <summary>One word: late, vanished, altered, conflict, refused.</summary>
    public required string Reason { get; init; }
}
