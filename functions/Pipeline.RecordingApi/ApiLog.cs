using Pipeline.Contracts;
using Pipeline.RecordingApi.Webhooks;

namespace Pipeline.RecordingApi;

/// <summary>Every line that the recording API logs. Ids 5050 to 5069; never a key, an upload URL or a SAS.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(5050, LogLevel.Error, "{Method} {Path} failed: {Fault}")]
    public static partial void RequestFailed(ILogger logger, string method, string path, string fault, Exception? exception);

    [LoggerMessage(5051, LogLevel.Information, "Deleted recording {Recording}")]
    public static partial void RecordingDeleted(ILogger logger, RecordingId recording);

    [LoggerMessage(5055, LogLevel.Warning, "Nobody is deleting recording {Recording}: its message is lost and is sent again")]
    public static partial void DeletionRepeated(ILogger logger, RecordingId recording);

    [LoggerMessage(5056, LogLevel.Warning, "Deleted recording {Recording} still has files: deleting them")]
    public static partial void LeftoversFound(ILogger logger, RecordingId recording);

    [LoggerMessage(5058, LogLevel.Information, "The day of recording {Recording} has come: it is deleted")]
    public static partial void RecordingExpired(ILogger logger, RecordingId recording);

    [LoggerMessage(5057, LogLevel.Information, "Forgot a person in the recordings of server {Guild}")]
    public static partial void PersonForgotten(ILogger logger, string guild);

    [LoggerMessage(5052, LogLevel.Warning, "Recording {Recording} was begun here and never finished: ending it with what there is")]
    public static partial void RecordingOverdue(ILogger logger, RecordingId recording);

    [LoggerMessage(5062, LogLevel.Warning,
        "Talk of recording {Recording} has no text after try {Attempt}: of the service that transcribes, {Reason}; next try in {Delay}")]
    public static partial void TranscriptionFailed(ILogger logger, RecordingId recording, int attempt, string reason, TimeSpan delay);

    [LoggerMessage(5063, LogLevel.Error,
        "Talk of recording {Recording} from second {Second} is given up after {Attempts} tries: of the service that transcribes, {Reason}")]
    public static partial void TranscriptionGivenUp(ILogger logger, RecordingId recording, long second, int attempts, string reason);

    [LoggerMessage(5064, LogLevel.Warning,
        "Browsers may not read segments from the storage for pages of {Origin}: the blob service has five CORS rules and none is for it. "
        + "Add it to one of them, or remove a rule that nobody needs, and restart")]
    public static partial void CorsRulesFull(ILogger logger, string origin);

    [LoggerMessage(5053, LogLevel.Warning,
        "Webhook at {Host} did not take {Event} at try {Attempt} because {Reason}; the next try is in {Delay}")]
    public static partial void WebhookFailed(ILogger logger, string @event, string host, int attempt, string reason, TimeSpan delay);

    [LoggerMessage(5054, LogLevel.Error, "Webhook at {Host} is switched off: {Reason}")]
    public static partial void WebhookOff(ILogger logger, string host, string reason);
}
