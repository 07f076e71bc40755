using Microsoft.Extensions.Logging;

namespace Pipeline.Discord.Voice.Call;

/// <summary>Every log line of a voice call, ids 1120 to 1122 and 1124. Nothing here takes a token or a session id.</summary>
internal static partial class CallLog
{
    [LoggerMessage(1120, LogLevel.Information, "Voice {GuildId}: call {From} -> {To} in channel {ChannelId}: {Reason}")]
    public static partial void CallChanged(ILogger logger, ulong guildId, VoiceCallState from, VoiceCallState to, ulong channelId,
        string reason);

    [LoggerMessage(1121, LogLevel.Warning, "Voice {GuildId}: the main gateway did not take the voice state: {Problem}")]
    public static partial void VoiceStateRefused(ILogger logger, ulong guildId, string problem);

    [LoggerMessage(1122, LogLevel.Error, "Voice {GuildId}: call failed by an error of its own")]
    public static partial void CallFailed(ILogger logger, ulong guildId, Exception error);

    [LoggerMessage(1124, LogLevel.Warning,
        "Voice {GuildId}: {More} messages found the call's queue full ({Total} so far); it looks again at how things stand")]
    public static partial void QueueFull(ILogger logger, ulong guildId, long more, long total);
}
