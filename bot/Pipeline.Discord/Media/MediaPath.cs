using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>
/// From a datagram to an <see cref="AudioFrame"/> in the recording's ring: tell apart, parse, open the transport seal, take extension and
/// padding off, find the user, open the end-to-end layer. Media thread only; allocates nothing per packet once every speaker has been heard.
/// </summary>
internal sealed class MediaPath : IDisposable
{
    /// <summary>Longest datagram that is read; Ethernet carries at most 1472 bytes of UDP payload.</summary>
    public const int MaxDatagramLength = 2048;

    private readonly byte[] plaintext = new byte[MaxDatagramLength];
    private readonly byte[] endToEnd = new byte[MaxDatagramLength];
    private readonly AudioFrameRing frames;
    private readonly TimeProvider time;
    private readonly UnknownSsrcHold hold;
    private readonly DaveReceiver dave;
    private readonly EarlyDatagrams early;
    private MediaSnapshot snapshot = MediaSnapshot.Empty;
    private readonly long keyOverlap;
    private ITransportCipher? cipher;
    private ITransportCipher? previousCipher;
    private long previousUntil;
    private bool keyChanged;

    public MediaPath(AudioFrameRing frames, TimeProvider time)
    {
        (this.frames, this.time) = (frames, time);
        hold = new UnknownSsrcHold(time);
        early = new EarlyDatagrams(time);
        keyOverlap = (long)(UnknownSsrcHold.MaxAge.TotalSeconds * time.TimestampFrequency);
        dave = new DaveReceiver(time, OnReleased);
    }

    public MediaCounters Counters { get; } = new();

    /// <summary>What could not be decrypted, for the recovery; any thread.</summary>
    public DaveHealth DaveHealth => dave.Health;

    /// <summary>The recording's tick is late: what comes now might not find room.</summary>
    public bool IsCongested => cipher is not null && frames.IsNearlyFull;

    /// <summary>Called with the whole datagram for every IP discovery reply.</summary>
    public Action<byte[]>? DiscoveryReplied { get; init; }

    /// <summary>Takes what the control loop published since the last call, and lets go what waited for it.</summary>
    public void Apply(MediaSnapshot next)
    {
        if (ReferenceEquals(next, snapshot)) return;
        if (!ReferenceEquals(next.TransportKey, snapshot.TransportKey))
        {
            // What is on its way, or lies in the kernel still, was sealed with the key before.
            previousCipher?.Dispose();
            previousCipher = cipher;
            previousUntil = time.GetTimestamp() + keyOverlap;
            cipher = next.TransportKey?.CreateCipher();
            keyChanged = true;
        }
        snapshot = next;
        dave.Poll(snapshot.Dave);
        if (keyChanged && cipher is not null) early.Release(OpenEarly);
        keyChanged = false;
        if (hold.SourceCount > 0) hold.Release(snapshot.TryGetUser, DeliverHeld);
    }

    /// <summary>One datagram. <paramref name="receivedAt"/> is a timestamp of the session's clock.</summary>
    public DropReason Receive(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        DropReason reason = Open(datagram, receivedAt);
        Counters.Count(reason);
        return reason;
    }

    /// <summary>Counters with the end-to-end layer's; any thread.</summary>
    public VoiceHealth Health(long kernelDrops)
    {
        VoiceHealth health = Counters.Health(kernelDrops);
        return health with { Users = [.. health.Users.Select(user => user with { EndToEnd = dave.CountersOf(user.UserId) })] };
    }

    /// <summary>To be called now and then: gives up held frames whose user or whose sender key did not become known.</summary>
    public void Expire(long now)
    {
        dave.Poll(snapshot.Dave);
        if (hold.SourceCount > 0) CountUnknown(hold.Expire(now));
        if (previousCipher is null || now < previousUntil) return;
        previousCipher.Dispose();
        previousCipher = null;
    }

    public void Dispose()
    {
        cipher?.Dispose();
        previousCipher?.Dispose();
        dave.Dispose();
    }

    private DropReason Open(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        if (datagram.Length > MaxDatagramLength) return DropReason.TooLong;
        DatagramKind kind = DatagramKinds.Classify(datagram);
        if (kind != DatagramKind.Audio)
        {
            if (kind == DatagramKind.Discovery) DiscoveryReplied?.Invoke(datagram.ToArray());
            return kind.ToDropReason();
        }
        if (!RtpPacket.TryParse(datagram, out RtpPacket packet, out DropReason reason)) return reason;
        if (packet.Ssrc == snapshot.OwnSsrc) return DropReason.OwnSsrc;
        if (cipher is null)
        {
            early.Hold(datagram, receivedAt);
            return DropReason.NoTransportKey;
        }

        Span<byte> opened = plaintext.AsSpan(0, packet.PlaintextLength);
        if (!TryUnseal(packet, opened))
        {
            // It may be sealed with a key that is still on its way to us; then it is opened when the key comes.
            early.Hold(datagram, receivedAt);
            return DropReason.NotAuthentic;
        }
        reason = RtpPayload.Unwrap(packet, opened, out ReadOnlySpan<byte> body);
        if (reason != DropReason.None) return reason;

        bool isKnown = snapshot.TryGetUser(packet.Ssrc, out ulong userId);
        AudioFrame frame = new()
        {
            Kind = AudioFrameKind.Opus,
            UserId = userId,
            Ssrc = packet.Ssrc,
            SequenceNumber = packet.SequenceNumber,
            Timestamp = packet.Timestamp,
            ReceivedAt = receivedAt,
            Opus = body,
        };
        if (isKnown) return Deliver(frame, wasHeld: false);
        CountUnknown(hold.Add(frame));
        return DropReason.None;
    }

    private bool TryUnseal(in RtpPacket packet, Span<byte> opened) =>
        cipher!.TryOpen(packet, opened) || (previousCipher is not null && previousCipher.TryOpen(packet, opened));

    // It was counted as dropped when it came; what is opened after all is a recovered drop.
    private void OpenEarly(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        DropReason reason = Open(datagram, receivedAt);
        if (reason == DropReason.None) Counters.CountRecovered();
    }

    private void DeliverHeld(ulong userId, in AudioFrame held)
    {
        DropReason reason = Deliver(With(held, AudioFrameKind.Opus, userId, held.Opus), wasHeld: true);
        if (reason != DropReason.None) Counters.CountOnly(reason);
    }

    /// <summary>By user id, behind padding, in front of the ring: what is encrypted end to end is opened here, or waits for its key.</summary>
    private DropReason Deliver(in AudioFrame frame, bool wasHeld)
    {
        DaveFrameOrigin origin = new(frame.Ssrc, frame.SequenceNumber, frame.Timestamp, frame.ReceivedAt);
        DaveOpenResult result = dave.Open(snapshot.Dave, frame.UserId, in origin, frame.Opus, endToEnd, out int length);
        switch (result)
        {
            case DaveOpenResult.Opened or DaveOpenResult.Passthrough or DaveOpenResult.Silence:
                return Write(With(frame, AudioFrameKind.Opus, frame.UserId, endToEnd.AsSpan(0, length)), wasHeld);
            case DaveOpenResult.Held:
                return DropReason.None;
            default:
                Counters.Of(frame.UserId).CountRefused();
                return DropReason.Refused;
        }
    }

    /// <summary>A frame whose key came, or did not come in time. What was sent before we had joined is no loss: nobody meant it for us.</summary>
    private void OnReleased(ulong userId, in DaveFrameOrigin origin, DaveOpenResult result, ReadOnlySpan<byte> opus)
    {
        if (result == DaveOpenResult.JoinGap) return;
        if (result == DaveOpenResult.PlaintextRejected)
        {
            Counters.Of(userId).CountRefused();
            Counters.CountOnly(DropReason.Refused);
            return;
        }
        DropReason reason = Write(new AudioFrame
        {
            Kind = result is DaveOpenResult.Opened or DaveOpenResult.Passthrough ? AudioFrameKind.Opus : AudioFrameKind.Undecryptable,
            UserId = userId,
            Ssrc = origin.Ssrc,
            SequenceNumber = origin.SequenceNumber,
            Timestamp = origin.Timestamp,
            ReceivedAt = origin.ReceivedAt,
            Opus = opus,
        }, wasHeld: true);
        if (reason != DropReason.None) Counters.CountOnly(reason);
    }

    /// <summary>The only way into the ring.</summary>
    private DropReason Write(in AudioFrame frame, bool wasHeld)
    {
        UserAudioCounters user = Counters.Of(frame.UserId);
        if (!frames.TryWrite(frame))
        {
            user.CountRefused();
            return DropReason.RingFull;
        }
        if (frame.Kind == AudioFrameKind.Undecryptable) user.CountUndecryptable();
        else user.CountFrame(RtpPayload.IsSilence(frame.Opus), wasHeld);
        return DropReason.None;
    }

    private void CountUnknown(int count)
    {
        for (int i = 0; i < count; i++) Counters.CountOnly(DropReason.UnknownSsrc);
    }

    private static AudioFrame With(in AudioFrame frame, AudioFrameKind kind, ulong userId, ReadOnlySpan<byte> opus) => new()
    {
        Kind = kind,
        UserId = userId,
        Ssrc = frame.Ssrc,
        SequenceNumber = frame.SequenceNumber,
        Timestamp = frame.Timestamp,
        ReceivedAt = frame.ReceivedAt,
        Opus = opus,
    };
}
