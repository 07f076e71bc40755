namespace Pipeline.Functions.Local;

/// <summary>Every line that the executable itself logs. Ids 5040 to 5049; never a key, an upload URL or a SAS.</summary>
internal static partial class Log
{
    [LoggerMessage(5040, LogLevel.Information, "Local triggers run: {Queues} queues, {Timers} timers")]
    public static partial void LocalTriggersStarted(ILogger logger, int queues, int timers);

    [LoggerMessage(5041, LogLevel.Warning, "Queue {Queue} cannot be read: {Fault}")]
    public static partial void QueueAway(ILogger logger, string queue, string fault);

    [LoggerMessage(5042, LogLevel.Error, "Moved a message of {Queue} to its poison queue after {Count} tries")]
    public static partial void Poisoned(ILogger logger, string queue, long count);

    [LoggerMessage(5043, LogLevel.Critical, "A local trigger stopped unexpectedly: {Fault}")]
    public static partial void LocalTriggersFailed(ILogger logger, string fault, Exception exception);

    [LoggerMessage(5044, LogLevel.Warning,
        "A request for {Host} was refused, which is no name of ours: set PUBLIC_BASE_URL (run.sh --public-url) or Functions__AllowedHosts")]
    public static partial void WrongHost(ILogger logger, string host);

    [LoggerMessage(5046, LogLevel.Information, "Functions__Key is not set: callers show the generated key in {File}")]
    public static partial void KeyGenerated(ILogger logger, string file);

    [LoggerMessage(5047, LogLevel.Information, "{Count} files lie in {Folder}")]
    public static partial void FilesWritten(ILogger logger, int count, string folder);

    [LoggerMessage(5048, LogLevel.Information, "The files in {Folder} are deleted with their recording")]
    public static partial void FilesDeleted(ILogger logger, string folder);

    [LoggerMessage(5049, LogLevel.Information, "Talk is turned into text here: the model {Model} is loaded")]
    public static partial void ModelLoaded(ILogger logger, WhisperModel model);

    [LoggerMessage(5045, LogLevel.Warning, "The storage cannot be reached, trying again: {Fault}")]
    public static partial void StorageAway(ILogger logger, string fault);
}
