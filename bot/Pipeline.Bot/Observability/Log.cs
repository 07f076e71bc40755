using Microsoft.Extensions.Logging;

namespace Pipeline.Bot.Observability;

/// <summary>
/// Every line that the bot logs, by event id: 40xx upload, 41xx recordings, 42xx commands, 43xx the process on its platform.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Warning, "Storage does not answer ({Reason}); segments wait in the spool, recording goes on")]
    public static partial void StorageAway(this ILogger logger, string reason);

    [LoggerMessage(4002, LogLevel.Information, "Storage is back after {Seconds:F1} s")]
    public static partial void StorageBack(this ILogger logger, double seconds);

    [LoggerMessage(4003, LogLevel.Debug, "Uploaded segment {Segment}: {Bytes} bytes, {Latency:F0} ms after it was closed")]
    public static partial void SegmentUploaded(this ILogger logger, string segment, long bytes, double latency);

    [LoggerMessage(4004, LogLevel.Error, "Segment {Segment} stays in the spool: {Problem}")]
    public static partial void SegmentSetAside(this ILogger logger, string segment, string problem);

    [LoggerMessage(4010, LogLevel.Information, "Segment {Segment} was deleted from the spool: its speaker has opted out")]
    public static partial void SegmentErased(this ILogger logger, string segment);

    [LoggerMessage(4005, LogLevel.Warning, "Segment {Segment} is uploaded as index {Index}: another bot has gone on with the recording")]
    public static partial void SegmentRenumbered(this ILogger logger, string segment, int index);

    [LoggerMessage(4006, LogLevel.Error, "Upload of {Segment} failed and is tried again")]
    public static partial void UploadFailed(this ILogger logger, string segment, Exception failure);

    [LoggerMessage(4007, LogLevel.Warning, "The spool holds {Megabytes} MB, 80 % of its limit")]
    public static partial void SpoolHigh(this ILogger logger, long megabytes);

    [LoggerMessage(4008, LogLevel.Error,
        "The spool is full ({Megabytes} MB waiting, {FreeMegabytes} MB free on the disk): new audio becomes a gap until there is room")]
    public static partial void SpoolFull(this ILogger logger, long megabytes, long freeMegabytes);

    [LoggerMessage(4009, LogLevel.Information, "The spool has room again: {Megabytes} MB waiting")]
    public static partial void SpoolFree(this ILogger logger, long megabytes);

    [LoggerMessage(4101, LogLevel.Information, "Recording {Recording} started in channel {Channel}")]
    public static partial void RecordingStarted(this ILogger logger, string recording, ulong channel);

    [LoggerMessage(4102, LogLevel.Information, "Recording {Recording} taken over as incarnation {Incarnation}, gap of {GapSeconds:F1} s")]
    public static partial void RecordingTakenOver(this ILogger logger, string recording, int incarnation, double gapSeconds);

    [LoggerMessage(4103, LogLevel.Information, "Recording {Recording} ended ({Reason}) after {Seconds:F1} s")]
    public static partial void RecordingEnded(this ILogger logger, string recording, string reason, double seconds);

    [LoggerMessage(4104, LogLevel.Information, "Recording {Recording} handed over; its lease is free")]
    public static partial void RecordingHandedOver(this ILogger logger, string recording);

    [LoggerMessage(4105, LogLevel.Error, "Recording {Recording} belongs to another bot now; it goes on there, what we have is uploaded")]
    public static partial void RecordingLost(this ILogger logger, string recording);

    [LoggerMessage(4106, LogLevel.Information, "Recording {Recording} closed: all segments and the stop message are sent")]
    public static partial void RecordingClosed(this ILogger logger, string recording);

    [LoggerMessage(4107, LogLevel.Critical, "Recording {Recording} broke off")]
    public static partial void RecordingFailed(this ILogger logger, string recording, Exception failure);

    [LoggerMessage(4108, LogLevel.Error, "Closing recording {Recording} failed and is tried again")]
    public static partial void ClosingFailed(this ILogger logger, string recording, Exception failure);

    [LoggerMessage(4109, LogLevel.Error, "Spool folder {Folder} has a file that cannot be read; it stays: {File}")]
    public static partial void SpoolUnreadable(this ILogger logger, string folder, string file);

    [LoggerMessage(4110, LogLevel.Warning, "Recording {Recording} came to its longest duration and ends")]
    public static partial void RecordingLimit(this ILogger logger, string recording);

    [LoggerMessage(4111, LogLevel.Warning,
        "Recording {Recording} is left with its audio in the spool: the storage did not answer in time; the next start goes on with it")]
    public static partial void RecordingLeft(this ILogger logger, string recording);

    [LoggerMessage(4112, LogLevel.Warning, "The disk does not take the state of recording {Recording}: {Problem}")]
    public static partial void RecordingUnsaved(this ILogger logger, string recording, string problem);

    [LoggerMessage(4113, LogLevel.Critical,
        "Spool folder {Folder} was deleted while the bot ran; it was made again. What waited in it is lost")]
    public static partial void SpoolLost(this ILogger logger, string folder);

    [LoggerMessage(4114, LogLevel.Warning,
        "Spool folder {Folder} can be entered by other users of this machine, and its rights cannot be changed")]
    public static partial void SpoolOpenToOthers(this ILogger logger, string folder);

    [LoggerMessage(4115, LogLevel.Error, "The disk does not give {Folder} of the spool ({Problem}); its segments wait, others do not")]
    public static partial void SpoolNotGiven(this ILogger logger, string folder, string problem);

    [LoggerMessage(4301, LogLevel.Information,
        "Alive ({Shard}): {Recordings} recordings, {Files} segments of {Megabytes} MB in the spool, {Memory} MB of memory")]
    public static partial void Alive(this ILogger logger, string shard, int recordings, long files, long megabytes, long memory);

    [LoggerMessage(4302, LogLevel.Error,
        "The spool does not empty: {Level}, {Megabytes} MB wait, the storage has been away for {Minutes:F0} min")]
    public static partial void SpoolAlarm(this ILogger logger, string level, long megabytes, double minutes);

    [LoggerMessage(4303, LogLevel.Information, "Standing by: another bot serves {Shard}")]
    public static partial void ShardStandingBy(this ILogger logger, string shard);

    [LoggerMessage(4304, LogLevel.Information, "The other bot has left {Shard}; it is ours")]
    public static partial void ShardTaken(this ILogger logger, string shard);

    [LoggerMessage(4305, LogLevel.Information, "Left {Shard} to the next bot")]
    public static partial void ShardReleased(this ILogger logger, string shard);

    [LoggerMessage(4306, LogLevel.Warning, "{Shard} could not be given back ({Problem}); the next bot waits for up to 15 s")]
    public static partial void ShardNotReleased(this ILogger logger, string shard, string problem);

    [LoggerMessage(4307, LogLevel.Warning, "The storage does not say whether another bot serves {Shard} ({Problem}); serving it")]
    public static partial void ShardUnconfirmed(this ILogger logger, string shard, string problem);

    [LoggerMessage(4308, LogLevel.Critical, "Another bot serves {Shard} now; this one stops")]
    public static partial void ShardLost(this ILogger logger, string shard);

    [LoggerMessage(4309, LogLevel.Debug, "A probe got no answer: {Problem}")]
    public static partial void ProbeFailed(this ILogger logger, string problem);

    [LoggerMessage(4310, LogLevel.Warning,
        "Opus is decoded by {Codec} because {Reason}: recordings are whole, each speaker costs 1.9 times the processor time")]
    public static partial void OpusIsManaged(this ILogger logger, string codec, string reason);

    [LoggerMessage(4311, LogLevel.Warning,
        "RECORDING_VAD_RMS_THRESHOLD has no effect with RECORDING_OUTPUT_FORMAT=opus: nothing is decoded, so silence is what the sender "
            + "says is silence. Set it to 0, or record as wav")]
    public static partial void VadIsOff(this ILogger logger);

    [LoggerMessage(4312, LogLevel.Information, "Settings: {Settings}")]
    public static partial void SettingsInForce(this ILogger logger, string settings);
}
