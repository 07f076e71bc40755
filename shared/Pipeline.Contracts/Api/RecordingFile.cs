namespace Pipeline.Contracts.Api;

/// <summary>Answer of <c>GET /api/recordings/{recordingId}/files</c>.</summary>
public sealed record RecordingFiles
{
    public required IReadOnlyList<RecordingFile> Files { get; init; }
}

/// <summary>One download that exists or can be made.</summary>
public sealed record RecordingFile
{
    /// <summary>Any Unicode, valid on every system, unique in the recording.</summary>
    public required string Name { get; init; }

    /// <summary><c>track</c>, <c>mix</c>, <c>bundle</c>, <c>transcript</c> or <c>info</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose track it is.</summary>
    public string? UserId { get; init; }

    public required string Format { get; init; }

    /// <summary>Null until it is ready.</summary>
    public long? Bytes { get; init; }

    /// <summary><c>ready</c>, <c>rendering</c> or <c>onRequest</c>: asking for it starts its making.</summary>
    public required string State { get; init; }

    /// <summary>0 to 1.</summary>
    public required double Progress { get; init; }

    /// <summary>Answers with a redirect to the bytes, or 202 while it is made.</summary>
    public required string Url { get; init; }
}
