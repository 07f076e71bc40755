namespace Pipeline.Contracts.Api;

/// <summary>Body of <c>POST /api/recordings/{recordingId}/finalize</c>.</summary>
public sealed record FinalizeRequest
{
    /// <summary>Unix ms.</summary>
    public long? SessionEndTime { get; init; }

    /// <summary>Milliseconds.</summary>
    public long? Duration { get; init; }

    /// <summary>Bytes.</summary>
    public long? TotalSize { get; init; }

    public int? ParticipantCount { get; init; }
    /// <summary>The whole list; absent where it was sent in parts.</summary>
    public IReadOnlyList<FinalizeSegment>? Segments { get; init; }

    /// <summary>Optional addition, like everything below it: the name of the list that was sent in parts.</summary>
    public string? List { get; init; }

    /// <summary>How many parts that list has, numbered from 0.</summary>
    public int? Parts { get; init; }

    /// <summary>Channels that the call went on in after a move, beside the one that it was started in.</summary>
    public IReadOnlyList<string>? FurtherChannelIds { get; init; }

    public IReadOnlyList<MissingSegment>? MissingSegments { get; init; }

    /// <summary>How many are missing where not all of them are named.</summary>
    public int? MissingSegmentCount { get; init; }

    public string? EndReason { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>>? Health { get; init; }
    public IReadOnlyList<RecordingGap>? Gaps { get; init; }
    public IReadOnlyList<RecordingNote>? Notes { get; init; }

    /// <summary>What people said about being recorded.</summary>
    public ConsentLedger? Consent { get; init; }

    /// <summary>User ids whose segments do not add up to what the bot announced.</summary>
    public IReadOnlyList<string>? UnverifiedUserIds { get; init; }

    /// <summary>True when segments have come since the recording was finalized: those of before are all in the list.</summary>
    public bool? Amends { get; init; }
}

/// <summary>Body of <c>PUT /api/recordings/{recordingId}/finalize/parts/{part}</c>: a stretch of a long list of segments.</summary>
public sealed record FinalizePartRequest
{
    /// <summary>Most segments of a part.</summary>
    public const int MostSegments = 5_000;

    /// <summary>Bytes of a part as its sender counts them before it is written.</summary>
    public const long MostBytes = 8 * 1024 * 1024;

    /// <summary>8 to 64 letters, digits, hyphens: a name that the caller gives to the whole list; another list has another.</summary>
    public string? List { get; init; }

    /// <summary>How many segments stand in the parts before it.</summary>
    public int? First { get; init; }

    /// <summary>By absoluteStartTime, then userId as text, then segmentIndex; so are the parts.</summary>
    public IReadOnlyList<FinalizeSegment>? Segments { get; init; }
}

/// <summary>One segment of a finalize request.</summary>
public sealed record FinalizeSegment
{
    public string? UserId { get; init; }
    public string? Username { get; init; }
    public int? SegmentIndex { get; init; }
    public string? FileName { get; init; }

    /// <summary><c>User/segment_000.wav</c>, or <c>.opus</c>.</summary>
    public string? FilePath { get; init; }

    public long? AbsoluteStartTime { get; init; }

    /// <summary>Unix ms, at most 31 days after the recording's start.</summary>
    public long? AbsoluteEndTime { get; init; }
    public long? Duration { get; init; }
    public long? FileSize { get; init; }
    public string? Format { get; init; }
    public string? BlobUrl { get; init; }

    /// <summary>Optional addition: base64, as in Content-MD5.</summary>
    public string? ContentMd5 { get; init; }

    /// <summary>Optional addition: exact position since the start of the recording, samples at 48 kHz.</summary>
    public long? StartSample { get; init; }

    /// <summary>Optional addition: samples per channel.</summary>
    public long? SampleCount { get; init; }

    /// <summary>Optional addition.</summary>
    public int? Channels { get; init; }
}

/// <summary>Answer of finalize and complete.</summary>
public sealed record FinalizeResponse
{
    public FinalizedRecording? Recording { get; init; }
}

public sealed record FinalizedRecording
{
    public string? Id { get; init; }
    public string? SessionId { get; init; }
    public string? Status { get; init; }
    public long Duration { get; init; }
    public int ParticipantCount { get; init; }
    public int SegmentCount { get; init; }
    public long TotalSize { get; init; }
    public DownloadUrls? DownloadUrls { get; init; }

    /// <summary>Milliseconds, from services that go on working.</summary>
    public long? EstimatedProcessingTime { get; init; }
}

/// <summary>
/// Links that read the segments for an hour; secrets. Of a recording with more than 5,000 segments there are none here: they are read in
/// pages, from <c>GET /api/recordings/{recordingId}/segments</c>.
/// </summary>
public sealed record DownloadUrls
{
    public IReadOnlyList<string> Audio { get; init; } = [];
}
