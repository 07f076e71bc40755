namespace Pipeline.Contracts;

/// <summary>Names of containers and queues. The deployment templates are tested against these.</summary>
public static class StorageNames
{
    /// <summary>Blob container where the bot puts segments and manifests.</summary>
    public const string TempContainer = "segments-temp";

    /// <summary>Blob container where segments live in the end.</summary>
    public const string RecordingsContainer = "recordings";

    public const string RecordingStartedQueue = "recording-started";
    public const string SegmentReadyQueue = "segment-ready";
    public const string RecordingStoppedQueue = "recording-stopped";

    /// <summary>Appended to a queue's name by the Functions host for messages that failed too often.</summary>
    public const string PoisonSuffix = "-poison";
}
