namespace Pipeline.Contracts.Api;

/// <summary>Body of <c>POST /api/recordings/init</c>: a recording that is over already.</summary>
public sealed record BatchInitRequest : InitLiveRequest
{
    /// <summary>Unix ms.</summary>
    public long? SessionStartTime { get; init; }

    /// <summary>Unix ms.</summary>
    public long? SessionEndTime { get; init; }

    /// <summary>Milliseconds.</summary>
    public long? Duration { get; init; }

    public int? ParticipantCount { get; init; }

    /// <summary>Bytes.</summary>
    public long? TotalSize { get; init; }

    /// <summary><c>segmented</c>.</summary>
    public string? Format { get; init; }

    public IReadOnlyList<SegmentUploadRequest>? Segments { get; init; }
}

/// <summary>Answer of <c>init</c>: one place per segment, numbered as they stood in the request.</summary>
public sealed record BatchInitResponse
{
    public string? RecordingId { get; init; }
    public IReadOnlyList<BatchUploadUrl>? UploadUrls { get; init; }
}

public sealed record BatchUploadUrl
{
    public int? FileIndex { get; init; }
    public string? UploadUrl { get; init; }
    public string? BlobPath { get; init; }

    /// <summary>
    /// Optional addition, true where <c>init</c> is repeated and a file of the announced size lies there already: nothing is to be put,
    /// and the URL takes nothing more.
    /// </summary>
    public bool? IsStored { get; init; }
}

/// <summary>Body of <c>POST /api/recordings/{recordingId}/complete</c>.</summary>
public sealed record CompleteRequest
{
    public IReadOnlyList<CompletedFile>? Files { get; init; }
}

public sealed record CompletedFile
{
    public int? FileIndex { get; init; }
    public string? BlobUrl { get; init; }
    public string? UserId { get; init; }
    public string? Username { get; init; }
    public string? FileName { get; init; }
    public string? FilePath { get; init; }
}
