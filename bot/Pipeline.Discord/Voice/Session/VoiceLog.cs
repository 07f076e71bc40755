using System.Net;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Session;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// Every log line of a voice session, ids 1100 to 1119 and 1123, and 2000 for end-to-end encryption. Nothing here takes a token, a
/// transport key or a session id.
/// </summary>
internal static partial class VoiceLog
{
    [LoggerMessage(1100, LogLevel.Debug, "Voice {GuildId} at {Endpoint}: {From} -> {To}, ssrc {Ssrc}, seq {Sequence}, {People} others")]
    public static partial void PhaseChanged(ILogger logger, ulong guildId, string endpoint, VoiceSessionPhase from, VoiceSessionPhase to,
        uint ssrc, int sequence, int people);

    [LoggerMessage(1101, LogLevel.Debug,
        "Voice {GuildId}: media server {Server}, ssrc {Ssrc}, mode {Mode}, receive buffer {ReceiveBuffer} B")]
    public static partial void MediaOpened(ILogger logger, ulong guildId, IPEndPoint server, uint ssrc, string mode, int receiveBuffer);

    [LoggerMessage(1102, LogLevel.Information, "Voice {GuildId}: session described, mode {Mode}, end-to-end version {DaveVersion}")]
    public static partial void SessionDescribed(ILogger logger, ulong guildId, string mode, int daveVersion);

    [LoggerMessage(1103, LogLevel.Information,
        "Voice {GuildId}: gateway closed with {CloseCode} ({Problem}) while {Phase}, seq {Sequence}")]
    public static partial void GatewayClosed(ILogger logger, ulong guildId, string closeCode, string problem, VoiceSessionPhase phase,
        int sequence);

    [LoggerMessage(1104, LogLevel.Debug, "Voice {GuildId}: message with opcode {Opcode} cannot be understood, ignored")]
    public static partial void MalformedMessage(ILogger logger, ulong guildId, int opcode);

    [LoggerMessage(1105, LogLevel.Information, "Voice {GuildId}: server versions voice {Voice}, worker {Worker}")]
    public static partial void BackendVersion(ILogger logger, ulong guildId, string voice, string worker);

    [LoggerMessage(EventId = 2000, Message = "Voice {GuildId}: end-to-end encryption, {Kind}: {Detail}")]
    public static partial void Dave(ILogger logger, LogLevel level, ulong guildId, DaveNoticeKind kind, string detail);

    [LoggerMessage(1107, LogLevel.Error, "Voice {GuildId}: session failed by an error of its own")]
    public static partial void SessionFailed(ILogger logger, ulong guildId, Exception error);

    [LoggerMessage(EventId = 1108, Message = "Voice {GuildId}: {Reason}: {Count} datagrams dropped in the last seconds, {Total} in all")]
    public static partial void Dropped(ILogger logger, LogLevel level, ulong guildId, DropReason reason, long count, long total);

    [LoggerMessage(1109, LogLevel.Warning, "Voice {GuildId}: the kernel dropped {Count} datagrams, the receive buffer was full")]
    public static partial void KernelDropped(ILogger logger, ulong guildId, long count);

    [LoggerMessage(1110, LogLevel.Warning, "Voice {GuildId}: {Count} frames refused, the recording's ring was full")]
    public static partial void RingDropped(ILogger logger, ulong guildId, long count);

    [LoggerMessage(1123, LogLevel.Information, "Voice {GuildId}: session over, {Kind} {CloseCode} {Detail}")]
    public static partial void SessionEnded(ILogger logger, ulong guildId, VoiceSessionEndKind kind, int? closeCode, string detail);
}
