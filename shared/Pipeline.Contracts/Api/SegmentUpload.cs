namespace Pipeline.Contracts.Api;

/// <summary>Body of <c>POST /api/recordings/{recordingId}/segment-upload-url</c>, and one entry of the batch flow's segments.</summary>
public sealed record SegmentUploadRequest
{
    public string? UserId { get; init; }
    public string? Username { get; init; }

    /// <summary>Counts from 0 per user.</summary>
    public int? SegmentIndex { get; init; }

    public string? FileName { get; init; }

    /// <summary>Bytes.</summary>
    public long? FileSize { get; init; }

    /// <summary>Unix ms.</summary>
    public long? AbsoluteStartTime { get; init; }

    /// <summary>Unix ms, at most 31 days after the recording's start.</summary>
    public long? AbsoluteEndTime { get; init; }

    /// <summary>Milliseconds.</summary>
    public long? Duration { get; init; }

    public string? Format { get; init; }

    /// <summary>Optional addition: the segment comes after its recording was finalized, and belongs to it nevertheless.</summary>
    public bool? Amends { get; init; }
}

/// <summary>Where one segment may be put; the URL is a secret.</summary>
public sealed record SegmentUploadResponse
{
    public string? UploadUrl { get; init; }
    public string? BlobPath { get; init; }
}
