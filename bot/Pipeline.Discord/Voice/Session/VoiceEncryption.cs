using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Session;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// The end-to-end layer as the control loop sees it: takes the gateway's messages, says what to send, and what the call must know.
/// Control loop only, but for <see cref="Snapshot"/>.
/// </summary>
internal sealed class VoiceEncryption(VoiceSessionIdentity identity, RecoveryLadder ladder, Action<VoiceSessionNews> report,
    TimeProvider time, ILogger logger) : IDisposable
{
    private readonly DaveSession session = new(identity.ChannelId, identity.UserId, time, ladder);
    private string privacyCode = "";
    private DaveProtection? protection; // nothing is known before the session description
    private bool isDescribed;

    public DaveSnapshot Snapshot => session.Snapshot;

    /// <summary>When <see cref="Commit"/> is to be called.</summary>
    public Alarm CommitAlarm { get; } = new(time);

    /// <summary>The voice session cannot go on with the keys that it has: the call has to be joined again.</summary>
    public bool WantsRejoin { get; private set; }

    /// <summary>One message, in order of arrival. Returns what to send; nothing for messages of no concern.</summary>
    public IReadOnlyList<(ReadOnlyMemory<byte> Message, WebSocketMessageType Type)> Take(VoiceMessage message) => message switch
    {
        VoiceMessage.SessionDescription description => Describe(description.DaveVersion),
        VoiceMessage.ClientsConnect connect => Conclude(session.OnClientsConnect(connect.UserIds)),
        VoiceMessage.ClientDisconnect disconnect => Conclude(session.OnClientDisconnect(disconnect.UserId)),
        VoiceMessage.PrepareTransition prepare => Conclude(session.OnPrepareTransition(prepare.Version, prepare.TransitionId)),
        VoiceMessage.ExecuteTransition execute => Conclude(session.OnExecuteTransition(execute.TransitionId)),
        VoiceMessage.PrepareEpoch prepare => Conclude(session.OnPrepareEpoch(prepare.Version, prepare.Epoch)),
        VoiceMessage.DaveBinary binary => Conclude(session.OnBinary((byte)binary.Opcode, binary.Payload.Span)),
        _ => [],
    };

    /// <summary>About once a second: old keys, and what the media thread could not open.</summary>
    public IReadOnlyList<(ReadOnlyMemory<byte> Message, WebSocketMessageType Type)> KeepHouse(DaveHealth health) =>
        Conclude(session.OnTimer(in health));

    /// <summary>Answers proposals that came close together.</summary>
    public IReadOnlyList<(ReadOnlyMemory<byte> Message, WebSocketMessageType Type)> Commit() => Conclude(session.OnCommitDue());

    /// <summary>What the gateway must know of us and may not have got.</summary>
    public IReadOnlyList<(ReadOnlyMemory<byte> Message, WebSocketMessageType Type)> Repeat() => Conclude(session.OnResumed());

    /// <summary>After the media thread has stopped.</summary>
    public void Dispose() => session.Dispose();

    private (ReadOnlyMemory<byte>, WebSocketMessageType)[] Describe(int version)
    {
        isDescribed = true;
        return Conclude(session.OnSessionDescription(version));
    }

    private (ReadOnlyMemory<byte>, WebSocketMessageType)[] Conclude(DaveReply reply)
    {
        foreach (DaveNotice notice in reply.Notices)
        {
            LogLevel level = LevelOf(notice.Kind);
            VoiceLog.Dave(logger, level, identity.GuildId, notice.Kind, notice.Detail);
        }
        if (Snapshot.PrivacyCode != privacyCode)
        {
            privacyCode = Snapshot.PrivacyCode;
            report(new VoiceSessionNews.PrivacyCode(privacyCode.Length == 0 ? null : privacyCode));
        }
        if (isDescribed && Snapshot.Protection != protection)
        {
            protection = Snapshot.Protection;
            report(new VoiceSessionNews.Protection(protection.Value));
        }
        if (session.CommitDueIn is { } due) CommitAlarm.Set(due);
        else CommitAlarm.Clear();
        WantsRejoin |= reply.Demand == DaveDemand.Rejoin;
        if (reply.Demand == DaveDemand.TellUsers) report(new VoiceSessionNews.EncryptionBroken());
        return [.. reply.Messages.Select(Encode)];
    }

    private static (ReadOnlyMemory<byte>, WebSocketMessageType) Encode(DaveOutbound message) => message.IsBinary
        ? (VoiceMessageWriter.Binary((VoiceOpcode)message.Opcode, message.Payload), WebSocketMessageType.Binary)
        : (VoiceMessageWriter.Transition((VoiceOpcode)message.Opcode, message.TransitionId), WebSocketMessageType.Text);

    private static LogLevel LevelOf(DaveNoticeKind kind) => kind switch
    {
        DaveNoticeKind.EpochAdopted or DaveNoticeKind.Pending or DaveNoticeKind.PlainNow => LogLevel.Information,
        DaveNoticeKind.Invalid or DaveNoticeKind.Recovery or DaveNoticeKind.UnannouncedMember
            or DaveNoticeKind.DowngradeAnnounced or DaveNoticeKind.DowngradeLapsed => LogLevel.Warning,
        _ => LogLevel.Debug,
    };
}
