using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery;

/// <summary>Every line that the delivery logs. Ids 5001 to 5039; never a key, an upload URL or a SAS.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Information, "Recording {Recording} is known to the recording API ({Flow})")]
    public static partial void RecordingKnown(ILogger logger, RecordingId recording, UploadFlow flow);

    [LoggerMessage(5002, LogLevel.Information, "Moved segment {Segment}: {Bytes} bytes, {Latency:F0} ms after it was closed")]
    public static partial void SegmentMoved(ILogger logger, SegmentKey segment, long bytes, double latency);

    [LoggerMessage(5003, LogLevel.Information, "Segment {Segment} waits in the temp container for the batch flow")]
    public static partial void SegmentCollected(ILogger logger, SegmentKey segment);

    [LoggerMessage(5004, LogLevel.Warning,
        "Segment {Segment} came after its recording was finished and the service takes nothing more; its bytes stay in the temp container")]
    public static partial void SegmentRefused(ILogger logger, SegmentKey segment);

    [LoggerMessage(5005, LogLevel.Information, "Dropped segment {Segment}: its recording was deleted")]
    public static partial void SegmentDropped(ILogger logger, SegmentKey segment);

    [LoggerMessage(5006, LogLevel.Information, "Recording {Recording} will be amended: a segment came after it was finalized")]
    public static partial void RecordingAmended(ILogger logger, RecordingId recording);

    [LoggerMessage(5007, LogLevel.Information,
        "Recording {Recording} waits for {Missing} of {Announced} segments; looking again in {Delay}")]
    public static partial void FinalizeWaits(ILogger logger, RecordingId recording, int missing, int announced, TimeSpan delay);

    [LoggerMessage(5014, LogLevel.Information, "Recording {Recording}: a copy of stop message {Attempt} ends here, another goes on")]
    public static partial void CopyDropped(ILogger logger, RecordingId recording, int attempt);

    [LoggerMessage(5008, LogLevel.Information,
        "Finalized recording {Recording}: {Segments} segments, {Missing} missing, {Latency:F0} ms after its end")]
    public static partial void Finalized(ILogger logger, RecordingId recording, int segments, int missing, double latency);

    [LoggerMessage(5009, LogLevel.Warning, "Recording {Recording}: the segments of user {User} do not add up to what the bot announced")]
    public static partial void ChainMismatch(ILogger logger, RecordingId recording, ulong user);

    [LoggerMessage(5010, LogLevel.Warning, "Recording {Recording}: the service has it finished with other segments and takes no amendment")]
    public static partial void AmendmentRefused(ILogger logger, RecordingId recording);

    [LoggerMessage(5011, LogLevel.Information, "Dropped recording {Recording}: it was deleted")]
    public static partial void RecordingDropped(ILogger logger, RecordingId recording);

    [LoggerMessage(5012, LogLevel.Warning, "Segment {Segment} waited {Minutes:F0} min from its close until it was moved")]
    public static partial void SegmentWaited(ILogger logger, SegmentKey segment, double minutes);

    [LoggerMessage(5013, LogLevel.Warning, "Queue {Queue}: its first message has waited for {Minutes:F0} min, {Count} wait")]
    public static partial void QueueWaits(ILogger logger, string queue, double minutes, int count);

    [LoggerMessage(5020, LogLevel.Warning, "Adopted segment {Segment}: its blob lay in the temp container without a ledger row")]
    public static partial void SegmentAdopted(ILogger logger, SegmentKey segment);

    [LoggerMessage(5021, LogLevel.Warning, "Recording {Recording} has lost its bot (last sign {LastSign:O}): finalizing it as interrupted")]
    public static partial void RecordingAbandoned(ILogger logger, RecordingId recording, DateTimeOffset lastSign);

    [LoggerMessage(5022, LogLevel.Warning, "Drove a poison message back into {Queue}, time {Redrive}")]
    public static partial void PoisonRedriven(ILogger logger, string queue, int redrive);

    [LoggerMessage(5023, LogLevel.Error, "Gave up a message of {Queue} after {Redrives} redrives; its text is in the reports table")]
    public static partial void PoisonGivenUp(ILogger logger, string queue, int redrives);

    [LoggerMessage(5024, LogLevel.Warning, "Recording {Recording} was live for too long: finalizing what there is")]
    public static partial void RecordingOverdue(ILogger logger, RecordingId recording);

    [LoggerMessage(5025, LogLevel.Warning, "{Blob} in the temp container belongs to nothing that is known")]
    public static partial void StrangeBlob(ILogger logger, string blob);

    [LoggerMessage(5027, LogLevel.Information,
        "Deleted segment {Segment} from the temp container: its speaker does not want to be recorded; its bot crashed before it could")]
    public static partial void RefusedSegmentDeleted(ILogger logger, SegmentKey segment);

    [LoggerMessage(5026, LogLevel.Warning, "Recording {Recording} has stopped and nothing has come of it: its stop is sent again")]
    public static partial void StopRepeated(ILogger logger, RecordingId recording);

    [LoggerMessage(5030, LogLevel.Warning, "{Function} put its message back for {Delay} after attempt {Attempt}: {Fault}")]
    public static partial void Deferred(ILogger logger, string function, TimeSpan delay, int attempt, string fault);

    [LoggerMessage(5031, LogLevel.Error, "{Function} failed: {Fault}")]
    public static partial void InvocationFailed(ILogger logger, string function, string fault, Exception? exception);

    [LoggerMessage(5032, LogLevel.Warning, "{Function} got a message that it cannot read: {Fault}")]
    public static partial void MalformedMessage(ILogger logger, string function, string fault);
}
