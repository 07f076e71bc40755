namespace Pipeline.Bot.Recordings;

/// <summary>What the uploads are doing, in one word.</summary>
public enum UploadState
{
    Ok,

    /// <summary>The storage does not answer; segments wait in the spool.</summary>
    Delayed,

    /// <summary>The spool is full; new audio becomes a gap.</summary>
    Full,
}
