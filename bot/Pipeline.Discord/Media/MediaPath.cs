using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Media;

/// <summary>
/// From a datagram to an <see cref="AudioFrame"/> in the recording's ring: tell apart, parse, open the transport seal, take extension and
/// padding off, find the user, open the end-to-end layer. One thread at a time: the media thread, and after its end
/// the one that disposes of it. Allocates nothing per packet once every speaker has been heard.
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
    private readonly SourceFinder finder;
    private readonly UnknownSsrcHold.TryFindUser tryGetFound;
    private readonly UnknownSsrcHold.TryFindUser trySettle;
    private readonly UnknownSsrcHold.Deliver deliverHeld;
    private MediaSnapshot snapshot = MediaSnapshot.Empty;
    private readonly long keyOverlap;
    private readonly long overtaking; // the last packets of a source may come after the first ones of the next
    private TransportSeal? seal;
    private TransportSeal? previousSeal;
    private long previousUntil;
    private bool keyChanged;

    public MediaPath(AudioFrameRing frames, TimeProvider time)
    {
        (this.frames, this.time) = (frames, time);
        hold = new UnknownSsrcHold(time, Counters.CountOnly);
        early = new EarlyDatagrams(time);
        keyOverlap = (long)(UnknownSsrcHold.MaxAge.TotalSeconds * time.TimestampFrequency);
        overtaking = time.TimestampFrequency / 2;
        dave = new DaveReceiver(time, OnReleased);
        finder = new SourceFinder(dave, time);
        tryGetFound = finder.TryGetUser;
        deliverHeld = DeliverHeld;
        trySettle = (ssrc, out userId) =>
            finder.TrySettle(snapshot, ssrc, isLeftOver: hold.SourceCount == 1 && OthersSpeak(ssrc), out userId);
    }

    public MediaCounters Counters { get; } = new();

    /// <summary>What could not be decrypted, for the recovery; any thread.</summary>
    public DaveHealth DaveHealth => dave.Health;

    /// <summary>The recording's tick is late: what comes now might not find room.</summary>
    public bool IsCongested => seal is not null && frames.IsNearlyFull;

    /// <summary>Called with the whole datagram for every IP discovery reply.</summary>
    public Action<byte[]>? DiscoveryReplied { get; init; }

    /// <summary>Called with what was found out about a source of which the gateway has told nothing.</summary>
    public Action<FoundSource>? SourceFound
    {
        init => finder.Found = value;
    }

    /// <summary>Takes what the control loop published since the last call, and lets go what waited for it.</summary>
    public void Apply(MediaSnapshot next)
    {
        if (ReferenceEquals(next, snapshot)) return;
        if (!ReferenceEquals(next.TransportKey, snapshot.TransportKey))
        {
            // What is on its way, or lies in the kernel still, was sealed with the key before.
            previousSeal?.Dispose();
            previousSeal = seal;
            previousUntil = time.GetTimestamp() + keyOverlap;
            seal = next.TransportKey is { } key ? new TransportSeal(key.CreateCipher()) : null;
            keyChanged = true;
        }
        snapshot = next;
        dave.Poll(snapshot.Dave);
        // What could be opened under the key before came first.
        if (hold.SourceCount > 0) hold.Release(snapshot.TryGetUser, deliverHeld);
        if (keyChanged && seal is not null) early.Release(OpenEarly);
        keyChanged = false;
    }

    /// <summary>One datagram. <paramref name="receivedAt"/> is a timestamp of the session's clock.</summary>
    public DropReason Receive(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        DropReason reason = Open(datagram, receivedAt);
        Counters.Count(reason, receivedAt);
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
        if (hold.SourceCount > 0)
        {
            hold.Settle(now, trySettle, deliverHeld);
            hold.Expire(now);
        }
        if (previousSeal is null || now < previousUntil) return;
        previousSeal.Dispose();
        previousSeal = null;
    }

    /// <summary>What waits is not lost with the session: it is given out as it stands, or counted.</summary>
    public void Dispose()
    {
        try
        {
            GiveOutHeld();
        }
        finally
        {
            seal?.Dispose();
            previousSeal?.Dispose();
            dave.Dispose();
        }
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
        if (seal is null)
        {
            early.Hold(datagram, receivedAt);
            return DropReason.NoTransportKey;
        }

        Span<byte> opened = plaintext.AsSpan(0, packet.PlaintextLength);
        reason = Unseal(packet, opened);
        // It may be sealed with a key that is still on its way to us; then it is opened when the key comes.
        if (reason == DropReason.NotAuthentic) early.Hold(datagram, receivedAt);
        if (reason != DropReason.None) return reason;
        reason = RtpPayload.Unwrap(packet, opened, out ReadOnlySpan<byte> body);
        if (reason != DropReason.None)
        {
            NoteEmpty(packet, receivedAt);
            return reason;
        }

        bool isKnown = TryFind(packet.Ssrc, body, out ulong userId);
        AudioFrame frame = AudioFrame.At(OriginOf(packet, receivedAt), AudioFrameKind.Opus, userId, body);
        if (isKnown) return Deliver(frame, wasHeld: false);
        hold.Add(frame, trySettle, deliverHeld);
        return DropReason.None;
    }

    private DropReason Unseal(in RtpPacket packet, Span<byte> opened)
    {
        DropReason reason = seal!.Open(packet, opened);
        return reason == DropReason.NotAuthentic && previousSeal is not null ? previousSeal.Open(packet, opened) : reason;
    }

    /// <summary>Authentic and without audio: its number must not look like a lost packet.</summary>
    private void NoteEmpty(in RtpPacket packet, long receivedAt)
    {
        DaveFrameOrigin origin = OriginOf(packet, receivedAt);
        if (snapshot.TryGetUser(packet.Ssrc, out ulong userId) || finder.TryGetUser(packet.Ssrc, out userId)) WriteEmpty(userId, in origin);
        else if (hold.Contains(packet.Ssrc))
            hold.Add(AudioFrame.At(origin, AudioFrameKind.Empty, 0, default), trySettle, deliverHeld);
    }

    /// <summary>Whose frame it is, by what the gateway told or by what was found out; false: it has to wait.</summary>
    private bool TryFind(uint ssrc, ReadOnlySpan<byte> body, out ulong userId)
    {
        if (snapshot.TryGetUser(ssrc, out userId)) return true;
        bool isFound = finder.TryFind(snapshot.Dave, ssrc, body, endToEnd, out userId);
        if (isFound && hold.Contains(ssrc)) hold.Release(tryGetFound, deliverHeld); // what waited comes first
        return isFound;
    }

    /// <summary>Everybody who has a source has spoken from it since this one began: then this one is none of theirs.</summary>
    private bool OthersSpeak(uint ssrc)
    {
        long since = hold.OpenedAt(ssrc) + overtaking;
        foreach (ulong userId in snapshot.Users)
        {
            if (Counters.SpokeAt(userId) <= since) return false;
        }
        return true;
    }

    // It was counted as dropped when it came; what is opened after all is a recovered drop.
    private void OpenEarly(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        DropReason reason = Open(datagram, receivedAt);
        if (reason == DropReason.None) Counters.CountRecovered();
    }

    private void DeliverHeld(ulong userId, in AudioFrame held)
    {
        if (held.Kind == AudioFrameKind.Empty)
        {
            WriteEmpty(userId, held.Origin);
            return;
        }
        DropReason reason = Deliver(held.With(AudioFrameKind.Opus, userId, held.Opus), wasHeld: true);
        if (reason != DropReason.None) Counters.CountOnly(reason);
    }

    /// <summary>
    /// By user id, behind padding, in front of the ring: what is encrypted end to end is opened here, or waits for its key.
    /// </summary>
    private DropReason Deliver(in AudioFrame frame, bool wasHeld)
    {
        // Nobody's key opens it: that is a loss to be seen, and none that new keys of ours would mend.
        if (UnnamedSource.Is(frame.UserId) && snapshot.Dave.Protection != DaveProtection.Unencrypted)
        {
            return Write(frame.With(AudioFrameKind.Undecryptable, frame.UserId, default), wasHeld);
        }
        DaveFrameOrigin origin = frame.Origin;
        DaveOpenResult result = dave.Open(snapshot.Dave, frame.UserId, in origin, frame.Opus, endToEnd, out int length);
        switch (result)
        {
            case DaveOpenResult.Opened or DaveOpenResult.Passthrough or DaveOpenResult.Silence:
                return Write(frame.With(AudioFrameKind.Opus, frame.UserId, endToEnd.AsSpan(0, length)), wasHeld);
            case DaveOpenResult.Held:
                return DropReason.None;
            default:
                Counters.Of(frame.UserId).CountRefused();
                WriteEmpty(frame.UserId, in origin);
                return DropReason.Refused;
        }
    }

    /// <summary>
    /// A frame whose key came, or did not come in time, and what waited behind one. What was sent before we had joined is no loss: nobody
    /// meant it for us, and only its number tells that it came. When a group is joined again, those who were heard before lose by it.
    /// </summary>
    private void OnReleased(ulong userId, in DaveFrameOrigin origin, DaveOpenResult result, ReadOnlySpan<byte> opus)
    {
        if (result is DaveOpenResult.PlaintextRejected or DaveOpenResult.Replayed)
        {
            Counters.Of(userId).CountRefused();
            Counters.CountOnly(DropReason.Refused);
        }
        DropReason reason = Write(AudioFrame.At(origin, KindOf(result), userId, opus), wasHeld: true);
        if (reason != DropReason.None) Counters.CountOnly(reason);
    }

    private static AudioFrameKind KindOf(DaveOpenResult result) => result switch
    {
        DaveOpenResult.Opened or DaveOpenResult.Passthrough or DaveOpenResult.Silence => AudioFrameKind.Opus,
        DaveOpenResult.Undecryptable or DaveOpenResult.NoKey or DaveOpenResult.RejoinGap => AudioFrameKind.Undecryptable,
        _ => AudioFrameKind.Empty,
    };

    // Behind what waits for its key: its number would make that look late.
    private void WriteEmpty(ulong userId, in DaveFrameOrigin origin)
    {
        if (!dave.TryQueue(userId, in origin)) frames.TryWrite(AudioFrame.At(origin, AudioFrameKind.Empty, userId, default));
    }

    // A source is not named by who is left over before its time: its owner may not have been announced yet.
    private void GiveOutHeld()
    {
        long afterTime = time.GetTimestamp() + keyOverlap + 1;
        hold.Settle(afterTime, (uint ssrc, out ulong userId) =>
            finder.TrySettle(snapshot, ssrc, isLeftOver: false, out userId), deliverHeld);
        hold.Expire(afterTime);
        dave.GiveUp();
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
        else if (frame.Kind == AudioFrameKind.Opus) user.CountFrame(RtpPayload.IsSilence(frame.Opus), wasHeld, frame.ReceivedAt);
        return DropReason.None;
    }

    private static DaveFrameOrigin OriginOf(in RtpPacket packet, long receivedAt) =>
        new(packet.Ssrc, packet.SequenceNumber, packet.Timestamp, receivedAt);
}
