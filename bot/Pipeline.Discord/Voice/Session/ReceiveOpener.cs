using System.Buffers.Binary;
using System.Security.Cryptography;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// Opens the way for receiving and keeps it open. Servers route audio to those who have shown themselves: one Speaking message, five
/// silence frames, Speaking off; then a keepalive for the address translators on the way. Repeated while others are here and nothing was
/// ever heard. Control loop only.
/// </summary>
internal sealed class ReceiveOpener(VoiceSessionOptions options, uint ssrc, MediaThread media, TimeProvider time) : IDisposable
{
    private const int SilenceFrames = 5;
    private const int MaxRepeats = 6;
    private const int KeepaliveLength = 8;

    // The Speaking message goes another way than the frames and has to be there first: media of an unannounced source is refused.
    private static readonly TimeSpan SpeakingLead = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);

    private readonly Alarm frameAlarm = new(time);
    private readonly Alarm keepaliveAlarm = new(time);
    private readonly Alarm unheardAlarm = new(time);
    private RtpSender? sender;
    private int framesLeft;
    private int repeats;
    private uint keepalives;

    public IEnumerable<Alarm> Alarms => [frameAlarm, keepaliveAlarm, unheardAlarm];

    /// <summary>Begins, or goes on under a new transport key. Returns the message to send before any media.</summary>
    public ReadOnlyMemory<byte> Start(TransportKey transportKey)
    {
        Span<byte> random = stackalloc byte[6];
        RandomNumberGenerator.Fill(random); // RFC 3550 §5.1: sequence number and timestamp begin at random values.
        sender?.Dispose();
        sender = new RtpSender(transportKey, ssrc, BinaryPrimitives.ReadUInt16BigEndian(random),
            BinaryPrimitives.ReadUInt32BigEndian(random[2..]));
        SendKeepalive();
        unheardAlarm.Set(options.UnheardInterval);
        return BeginBurst();
    }

    /// <summary>Somebody new is here, so that hearing nothing has a meaning again.</summary>
    public void Encourage() => repeats = 0;

    /// <summary>Does what is due. Returns the Speaking message to send, if any.</summary>
    public ReadOnlyMemory<byte>? Tick(bool othersAreHere)
    {
        if (keepaliveAlarm.TakeIfDue()) SendKeepalive();
        if (frameAlarm.TakeIfDue()) return SendFrame();
        if (!unheardAlarm.TakeIfDue()) return null;
        if (media.Counters.Audio > 0) return null;
        unheardAlarm.Set(options.UnheardInterval);
        if (!othersAreHere || repeats >= MaxRepeats) return null;
        repeats++;
        return BeginBurst();
    }

    public void Dispose() => sender?.Dispose();

    private ReadOnlyMemory<byte> BeginBurst()
    {
        framesLeft = SilenceFrames;
        frameAlarm.Set(SpeakingLead);
        return VoiceMessageWriter.Speaking(isSpeaking: true, ssrc);
    }

    private ReadOnlyMemory<byte>? SendFrame()
    {
        if (framesLeft == 0) return VoiceMessageWriter.Speaking(isSpeaking: false, ssrc);
        Span<byte> datagram = stackalloc byte[RtpSender.SilencePacketLength];
        sender!.WriteSilence(datagram);
        media.TrySend(datagram);
        framesLeft--;
        frameAlarm.Set(FrameDuration);
        return null;
    }

    private void SendKeepalive()
    {
        Span<byte> datagram = stackalloc byte[KeepaliveLength];
        datagram.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(datagram, keepalives++);
        media.TrySend(datagram);
        keepaliveAlarm.Set(options.KeepaliveInterval);
    }
}
