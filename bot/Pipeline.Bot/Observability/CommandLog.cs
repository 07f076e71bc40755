using Microsoft.Extensions.Logging;

namespace Pipeline.Bot.Observability;

/// <summary>What commands and guilds log. No line carries an interaction's token.</summary>
internal static partial class CommandLog
{
    [LoggerMessage(4200, LogLevel.Information, "Guild {Guild}: the recording API is away ({Problem}); the last known settings hold")]
    public static partial void SettingsAway(this ILogger log, ulong guild, string problem);

    [LoggerMessage(4219, LogLevel.Information, "Recording {Recording}: the recording API does not say how far it is ({Problem})")]
    public static partial void ProgressUnknown(this ILogger log, string recording, string problem);

    [LoggerMessage(4220, LogLevel.Warning,
        "Guild {Guild}: the recording API has no settings of it (404), which it had before; the last known settings hold")]
    public static partial void SettingsVanished(this ILogger log, ulong guild);

    [LoggerMessage(4201, LogLevel.Warning, "Guild {Guild}: a local file could not be read: {Problem}")]
    public static partial void LocalStateUnreadable(this ILogger log, ulong guild, string problem);

    [LoggerMessage(4202, LogLevel.Error, "Guild {Guild}: a local file could not be written: {Problem}")]
    public static partial void LocalStateUnwritable(this ILogger log, ulong guild, string problem);

    [LoggerMessage(4203, LogLevel.Debug, "Guild {Guild}: {Command} by {User}")]
    public static partial void CommandUsed(this ILogger log, ulong? guild, string command, ulong user);

    [LoggerMessage(4204, LogLevel.Warning, "Interaction {Id} ({Command}) could not be answered in time: {Problem}")]
    public static partial void AnswerTooLate(this ILogger log, ulong id, string command, string problem);

    [LoggerMessage(4205, LogLevel.Warning, "Interaction {Id}: an answer could not be delivered: {Problem}")]
    public static partial void AnswerUndeliverable(this ILogger log, ulong id, string problem);

    [LoggerMessage(4206, LogLevel.Error, "A command failed: {Command}")]
    public static partial void CommandFailed(this ILogger log, Exception problem, string command);

    [LoggerMessage(4207, LogLevel.Warning, "Guild {Guild}: a message could not be posted: {Problem}")]
    public static partial void PostFailed(this ILogger log, ulong guild, string problem);

    [LoggerMessage(4208, LogLevel.Warning, "Guild {Guild}: the bot's name could not be changed: {Problem}")]
    public static partial void RenameFailed(this ILogger log, ulong guild, string problem);

    [LoggerMessage(4209, LogLevel.Information, "Guild {Guild}: recording {Recording} of channel {Channel} started by {User}")]
    public static partial void RecordingStarted(this ILogger log, ulong guild, string recording, ulong channel, ulong user);

    [LoggerMessage(4210, LogLevel.Information, "Guild {Guild}: recording {Recording} stopped ({Reason})")]
    public static partial void RecordingStopped(this ILogger log, ulong guild, string recording, string reason);

    [LoggerMessage(4211, LogLevel.Error, "Guild {Guild}: the recorder met a problem and goes on")]
    public static partial void RecorderProblem(this ILogger log, Exception problem, ulong guild);

    [LoggerMessage(4212, LogLevel.Warning, "Guild {Guild}: the recorder's queue is full; {Input} is dropped")]
    public static partial void RecorderQueueFull(this ILogger log, ulong guild, string input);

    [LoggerMessage(4213, LogLevel.Information, "Guild {Guild}: recording {Recording} is taken over")]
    public static partial void RecordingTakenOver(this ILogger log, ulong guild, string recording);

    [LoggerMessage(4214, LogLevel.Warning, "Commands could not be declared: {Problem}")]
    public static partial void CommandsNotDeclared(this ILogger log, string problem);

    [LoggerMessage(4216, LogLevel.Warning, "{File} cannot be understood; the panel of that recording is not followed any more")]
    public static partial void PanelForgotten(this ILogger log, string file);

    [LoggerMessage(4217, LogLevel.Information,
        "Guild {Guild}: the panel of recording {Recording}, which ended before this start, is followed")]
    public static partial void PanelFollowed(this ILogger log, ulong guild, string recording);

    [LoggerMessage(4215, LogLevel.Information, "Guild {Guild}: {Event}")]
    public static partial void CallEvent(this ILogger log, ulong guild, string @event);

    [LoggerMessage(4218, LogLevel.Warning, "Guild {Guild}: the rule of channel {Channel} could not start a recording: {Problem}")]
    public static partial void RuleFailed(this ILogger log, ulong guild, ulong channel, string problem);
}
