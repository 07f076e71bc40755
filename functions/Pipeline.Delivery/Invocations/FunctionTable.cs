using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Storage;

namespace Pipeline.Delivery.Invocations;

/// <summary>
/// Which function each queue and timer calls, and by which rules. Both executables take their attributes from here; host.json and the
/// templates are tested against it.
/// </summary>
public static class FunctionTable
{
    /// <summary>Name of the storage connection in every trigger.</summary>
    public const string Connection = StorageOptions.ConnectionName;

    /// <summary>Six cron fields, UTC: at every full minute.</summary>
    public const string SweepSchedule = "0 * * * * *";

    /// <summary>Messages per receive, at most 32.</summary>
    public const int BatchSize = 16;

    /// <summary>A new receive starts when no more than these are under way.</summary>
    public const int NewBatchThreshold = 8;

    /// <summary>Tries before a message goes to its poison queue.</summary>
    public const int MaxDequeueCount = 6;

    /// <summary>How long a failed message stays hidden.</summary>
    public static TimeSpan RetryDelay { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause between two looks into an empty queue.</summary>
    public static TimeSpan MaxPollingInterval { get; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Limit of one invocation.</summary>
    public static TimeSpan Timeout { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Function to queue.</summary>
    public static IReadOnlyDictionary<string, string> Queues { get; } = new Dictionary<string, string>
    {
        [FunctionNames.StartRecording] = StorageNames.RecordingStartedQueue,
        [FunctionNames.MoveSegment] = StorageNames.SegmentReadyQueue,
        [FunctionNames.FinalizeRecording] = StorageNames.RecordingStoppedQueue,
        [FunctionNames.DeliverWebhook] = StorageNames.WebhookQueue,
        [FunctionNames.DeleteRecording] = StorageNames.DeletionQueue,
        [FunctionNames.RenderWindow] = StorageNames.RenderWindowQueue,
        [FunctionNames.TranscribeStretch] = StorageNames.TranscribeQueue,
    };

    /// <summary>Function to schedule.</summary>
    public static IReadOnlyDictionary<string, string> Timers { get; } = new Dictionary<string, string>
    {
        [FunctionNames.SweepRecordings] = SweepSchedule,
    };
}
