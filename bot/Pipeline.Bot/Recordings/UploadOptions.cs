namespace Pipeline.Bot.Recordings;

/// <summary>How closed segments leave the spool.</summary>
public sealed record UploadOptions
{
    /// <summary>RECORDING_UPLOAD_PARALLELISM: segments on their way at the same time, 1 to 32. Default 4.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>RECORDING_KEEP_LOCAL_AFTER_UPLOAD: uploaded files move to <c>kept/</c> in the spool instead of being deleted.</summary>
    public bool KeepLocal { get; init; }
}
