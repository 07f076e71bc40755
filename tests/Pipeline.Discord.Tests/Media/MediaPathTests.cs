using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Vectors;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Tests.Rtp;

namespace Pipeline.Discord.Tests.Media;

public sealed class MediaPathTests : IDisposable
{
    private const uint OwnSsrc = 1;
    private const ulong Ada = 100;
    private const ulong Bo = 200;

    private readonly FakeTimeProvider time = new();
    private readonly AudioFrameRing ring = new();
    private readonly TransportKey transportKey = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
    private readonly MediaPath path;

    public MediaPathTests() => path = new MediaPath(ring, time);

    public void Dispose()
    {
        path.Dispose();
        transportKey.Dispose();
    }

    [Fact]
    public void Frame_carries_user_source_order_clock_and_arrival()
    {
        Know((9876, Ada));
        Assert.Equal(DropReason.None,
            Receive(new RtpPacketBuilder
            {
                SequenceNumber = 65535,
                Timestamp = uint.MaxValue,
                Payload = [0x78, 1, 2, 3],
                Padding = 9,
                Extension = [1, 2, 3, 4]
            }, at: 1234));
        ReadFrame frame = Assert.Single(ReadFrame.DrainAll(ring));
        Assert.Equal((AudioFrameKind.Opus, Ada, 9876u, (ushort)65535, uint.MaxValue, 1234L),
            (frame.Kind, frame.UserId, frame.Ssrc, frame.SequenceNumber, frame.Timestamp, frame.ReceivedAt));
        Assert.Equal([0x78, 1, 2, 3], frame.Opus);
    }

    [Fact]
    public void Silence_marker_reaches_the_ring_and_is_counted_as_silence()
    {
        Know((9876, Ada));
        Receive(new RtpPacketBuilder());
        Assert.Equal([0xF8, 0xFF, 0xFE], Assert.Single(ReadFrame.DrainAll(ring)).Opus);
        Assert.Equal(new UserAudioHealth(Ada, Frames: 1, Silence: 1, Held: 0, Undecryptable: 0, Refused: 0),
            Assert.Single(path.Counters.Health(0).Users));
    }

    [Fact]
    public void Audio_that_overtakes_the_transport_key_is_held_and_delivered()
    {
        path.Apply(new MediaSnapshot(OwnSsrc, null, new Dictionary<uint, ulong> { [9876] = Ada }));
        for (ushort i = 0; i < 30; i++)
            Receive(new RtpPacketBuilder { SequenceNumber = i, Payload = [0x78, (byte)i] }, at: time.GetTimestamp());
        Assert.True(ring.IsEmpty);
        Know((9876, Ada));
        Assert.Equal(Enumerable.Range(0, 30), ReadFrame.DrainAll(ring).Select(frame => (int)frame.SequenceNumber));
        Assert.Equal((30L, 30L), (path.Counters.Health(0).Recovered, path.Counters.Audio));
    }

    [Fact]
    public void Audio_without_a_transport_key_for_ever_is_bounded_and_counted()
    {
        path.Apply(new MediaSnapshot(OwnSsrc, null, new Dictionary<uint, ulong>()));
        for (int i = 0; i < 10_000; i++) Receive(new RtpPacketBuilder { SequenceNumber = (ushort)i }, at: time.GetTimestamp());
        Assert.Equal(10_000, path.Counters.Read(DropReason.NoTransportKey));
        time.Advance(TimeSpan.FromSeconds(3));
        Know((9876, Ada));
        Assert.True(ring.IsEmpty);
        Assert.Equal(0, path.Counters.Health(0).Recovered);
    }

    [Fact]
    public void Renewed_transport_key_loses_neither_what_was_early_nor_what_was_late()
    {
        Know((9876, Ada));
        byte[] secret = [.. Enumerable.Repeat((byte)9, 32)];
        RtpPacketBuilder early = new() { SequenceNumber = 1, TransportKey = secret };
        RtpPacketBuilder late = new() { SequenceNumber = 2 };
        Assert.Equal(DropReason.NotAuthentic, Receive(early, at: time.GetTimestamp()));
        using TransportKey renewed = new(TransportKey.AesGcmMode, secret);
        path.Apply(new MediaSnapshot(OwnSsrc, renewed, new Dictionary<uint, ulong> { [9876] = Ada }));
        Assert.Equal(DropReason.None, Receive(late, at: time.GetTimestamp()));
        Assert.Equal([1, 2], ReadFrame.DrainAll(ring).Select(frame => (int)frame.SequenceNumber));

        time.Advance(TimeSpan.FromSeconds(3));
        path.Expire(time.GetTimestamp());
        Assert.Equal(DropReason.NotAuthentic, Receive(late, at: time.GetTimestamp()));
    }

    [Fact]
    public void Own_source_is_never_recorded()
    {
        Know((OwnSsrc, Ada));
        Assert.Equal(DropReason.OwnSsrc, Receive(new RtpPacketBuilder { Ssrc = OwnSsrc }));
        Assert.True(ring.IsEmpty);
    }

    [Fact]
    public void New_transport_key_takes_effect_with_the_next_snapshot()
    {
        Know((9876, Ada));
        byte[] other = [.. Enumerable.Repeat((byte)9, 32)];
        RtpPacketBuilder packet = new() { TransportKey = other, UseXChaCha20 = true };
        Assert.Equal(DropReason.NotAuthentic, Receive(packet));
        using TransportKey next = new(TransportKey.XChaCha20Mode, other);
        path.Apply(new MediaSnapshot(OwnSsrc, next, new Dictionary<uint, ulong> { [9876] = Ada }));
        Assert.Equal(DropReason.None, Receive(packet));
    }

    [Fact]
    public void Audio_that_overtakes_its_speaker_is_held_and_delivered_in_order()
    {
        Know();
        for (ushort i = 0; i < 25; i++) Receive(new RtpPacketBuilder { SequenceNumber = i, Payload = [0x78, (byte)i] }, at: i);
        Assert.True(ring.IsEmpty);

        Know((9876, Ada));
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 25), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.Equal(Enumerable.Range(0, 25).Select(i => (long)i), frames.Select(frame => frame.ReceivedAt));
        Assert.All(frames, frame => Assert.Equal(Ada, frame.UserId));
        Assert.Equal(25, Assert.Single(path.Counters.Health(0).Users).Held);
        Assert.Empty(path.Counters.Health(0).Drops);
    }

    [Fact]
    public void Held_audio_is_attributed_to_its_own_user_only()
    {
        Know();
        Receive(new RtpPacketBuilder { Ssrc = 10, Payload = [0x78, 10] });
        Receive(new RtpPacketBuilder { Ssrc = 20, Payload = [0x78, 20] });
        Know((20, Bo));
        ReadFrame frame = Assert.Single(ReadFrame.DrainAll(ring));
        Assert.Equal((Bo, 20u), (frame.UserId, frame.Ssrc));
    }

    [Fact]
    public void Source_that_nobody_owns_expires_and_is_counted()
    {
        Know();
        for (int i = 0; i < 10; i++) Receive(new RtpPacketBuilder(), at: time.GetTimestamp()); // silence makes nobody a speaker
        time.Advance(TimeSpan.FromSeconds(1.9));
        path.Expire(time.GetTimestamp());
        Assert.Equal(0, path.Counters.Read(DropReason.UnknownSsrc));
        time.Advance(TimeSpan.FromSeconds(0.2));
        path.Expire(time.GetTimestamp());
        Assert.Equal(10, path.Counters.Read(DropReason.UnknownSsrc));
        Know((9876, Ada));
        Assert.True(ring.IsEmpty);
    }

    [Fact]
    public void Full_ring_is_counted_against_the_user()
    {
        using MediaPath small = new(new AudioFrameRing(4096), time);
        small.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong> { [9876] = Ada }));
        for (int i = 0; i < 20; i++) small.Receive(new RtpPacketBuilder { Payload = [.. Enumerable.Repeat((byte)1, 500)] }.Build(), 0);
        UserAudioHealth health = Assert.Single(small.Counters.Health(0).Users);
        Assert.Equal(20, health.Frames + health.Refused);
        Assert.Equal(health.Refused, small.Counters.Read(DropReason.RingFull));
        Assert.True(health.Refused > 0);
    }

    [Fact]
    public void Discovery_replies_are_passed_on_and_other_kinds_are_counted_by_name()
    {
        List<byte[]> replies = [];
        using MediaPath listening = new(ring, time) { DiscoveryReplied = replies.Add };
        byte[] reply = new byte[74];
        reply[1] = 2;
        Assert.Equal(DropReason.Discovery, listening.Receive(reply, 0));
        Assert.Equal(reply, Assert.Single(replies));
        Assert.Equal(DropReason.KeepaliveEcho, listening.Receive(new byte[8], 0));
        Assert.Equal(DropReason.TooShort, listening.Receive(new byte[20], 0));
        Assert.Equal(DropReason.TooLong, listening.Receive(new byte[MediaPath.MaxDatagramLength + 1], 0));
        Assert.Equal(DropReason.Rtcp, listening.Receive([0x80, 200, .. new byte[60]], 0));
        Assert.Equal(DropReason.OtherPayload, listening.Receive([0x80, 0x65, .. new byte[60]], 0));
        Assert.Equal(6, listening.Counters.Datagrams);
    }

    [Fact]
    public void Steady_state_allocates_nothing_per_packet_good_or_bad()
    {
        Know((9876, Ada));
        byte[][] packets = [.. Enumerable.Range(0, 4000)
            .Select(_ => new RtpPacketBuilder { Payload = [.. Enumerable.Repeat((byte)0x78, 160)], Extension = [1, 2, 3, 4],
            Padding = 7 }.Build())];
        byte[][] unknown = [.. Enumerable.Range(0, 4000).Select(_ => new RtpPacketBuilder { Ssrc = 5555 }.Build())];
        byte[][] empty = [.. Enumerable.Range(0, 4000).Select(_ => new RtpPacketBuilder { Payload = [], Padding = 9 }.Build())];
        byte[] forged = [.. packets[0]];
        forged[^7] ^= 1;
        RunMixed(packets, unknown, empty, forged, from: 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunMixed(packets, unknown, empty, forged, from: 2000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((4000, 4000), (path.Counters.Health(0).Users[0].Frames, path.Counters.Read(DropReason.Replayed)));
    }

    [Fact]
    public void Packet_that_comes_a_second_time_is_dropped_however_late_and_under_the_old_key_too()
    {
        Know((9876, Ada), (20, Bo));
        byte[][] first = [.. Enumerable.Range(0, 1500)
            .Select(i => new RtpPacketBuilder { SequenceNumber = (ushort)i, Payload = [0x78, 1] }.Build())];
        byte[][] other = [.. Enumerable.Range(0, 1500)
            .Select(i => new RtpPacketBuilder { Ssrc = 20, SequenceNumber = (ushort)i, Payload = [0x78, 2] }.Build())];
        Assert.All(first, packet => Assert.Equal(DropReason.None, path.Receive(packet, 0)));
        ReadFrame.DrainAll(ring);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.All(other, packet => Assert.Equal(DropReason.None, path.Receive(packet, 0)));
        ReadFrame.DrainAll(ring);
        Assert.All(first.Concat(other), packet => Assert.Equal(DropReason.Replayed, path.Receive(packet, 0)));
        using TransportKey next = new(TransportKey.AesGcmMode, [.. Enumerable.Repeat((byte)7, 32)]);
        path.Apply(new MediaSnapshot(OwnSsrc, next, new Dictionary<uint, ulong> { [9876] = Ada }));
        Assert.Equal(DropReason.Replayed, path.Receive(first[700], 0));
        Assert.True(ring.IsEmpty);
        Assert.Equal(3001, path.Counters.Read(DropReason.Replayed));
    }

    [Fact]
    public void Packet_without_audio_keeps_its_number_for_a_known_source_only()
    {
        Know((9876, Ada));
        Assert.Equal(DropReason.PaddingOnly, Receive(new RtpPacketBuilder { SequenceNumber = 7, Payload = [], Padding = 9 }, at: 5));
        Assert.Equal(DropReason.ZeroPacket, Receive(new RtpPacketBuilder { SequenceNumber = 8, Payload = new byte[20] }));
        Assert.Equal(DropReason.BadPadding,
            Receive(new RtpPacketBuilder { SequenceNumber = 9, Payload = [1], Padding = 2, ClaimedPadding = 200 }));
        Assert.Equal(DropReason.PaddingOnly, Receive(new RtpPacketBuilder { Ssrc = 5, SequenceNumber = 1, Payload = [], Padding = 9 }));
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal([7, 8, 9], frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames, frame => Assert.Equal((AudioFrameKind.Empty, Ada, 0), (frame.Kind, frame.UserId, frame.Opus.Length)));
    }

    [Fact]
    public void Voice_that_nobody_names_is_kept_under_its_sources_number_and_goes_to_its_owner_when_it_is_named()
    {
        List<FoundSource> found = [];
        using MediaPath told = new(ring, time) { SourceFound = found.Add };
        told.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(), null, [Ada, Bo]));
        for (ushort i = 0; i < 50; i++)
            told.Receive(new RtpPacketBuilder { SequenceNumber = i, Payload = [0x78, 1] }.Build(), time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(2.1));
        told.Expire(time.GetTimestamp());
        told.Receive(new RtpPacketBuilder { SequenceNumber = 50, Payload = [0x78, 1] }.Build(), time.GetTimestamp());
        List<ReadFrame> kept = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 51), kept.Select(frame => (int)frame.SequenceNumber));
        Assert.All(kept, frame => Assert.Equal((AudioFrameKind.Opus, UnnamedSource.IdOf(9876)), (frame.Kind, frame.UserId)));
        Assert.Equal([new FoundSource(9876, UnnamedSource.IdOf(9876))], found);
        told.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong> { [9876] = Bo }, null, [Ada]));
        told.Receive(new RtpPacketBuilder { SequenceNumber = 51, Payload = [0x78, 1] }.Build(), time.GetTimestamp());
        Assert.Equal(Bo, Assert.Single(ReadFrame.DrainAll(ring)).UserId);
        Assert.Equal(0, told.Counters.Read(DropReason.UnknownSsrc));
    }

    [Fact]
    public void Voice_that_nobody_names_in_an_encrypted_call_is_its_owners_as_soon_as_a_key_opens_it()
    {
        List<FoundSource> found = [];
        using MediaPath told = new(ring, time) { SourceFound = found.Add };
        byte[] secret = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        byte[] Packet(ushort number) => new RtpPacketBuilder
        {
            SequenceNumber = number,
            Payload = FrameSealer.Seal(FrameSealer.KeyOf(secret, 0), number + 1u, [0x78, (byte)number, 3, 4, 5]),
        }.Build();
        DaveSnapshot group = new() { ProtocolVersion = 1, Protection = DaveProtection.EndToEnd, PassthroughUntil = long.MinValue };
        Apply(KeysOf(1, (Bo, new byte[16])));
        for (ushort i = 0; i < 20; i++) told.Receive(Packet(i), time.GetTimestamp());
        Assert.True(ring.IsEmpty);

        Apply(KeysOf(2, (Bo, new byte[16]), (Ada, secret)));
        for (ushort i = 20; i < 30; i++) told.Receive(Packet(i), time.GetTimestamp());
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 30), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames, frame => Assert.Equal((AudioFrameKind.Opus, Ada), (frame.Kind, frame.UserId)));
        Assert.Equal([0x78, 29, 3, 4, 5], frames[^1].Opus);
        Assert.Equal([new FoundSource(9876, Ada)], found);

        void Apply(EpochKeys keys) => told.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(),
            group with { Keys = [keys], Revision = keys.Serial }, [Ada, Bo]));
    }

    /// <summary>A key that is there already may open it later: senders switch to it up to two seconds after we have it.</summary>
    [Fact]
    public void Keys_are_tried_on_a_source_without_a_name_once_a_second_and_not_on_silence()
    {
        byte[] secret = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        DaveSnapshot group = new() { ProtocolVersion = 1, Protection = DaveProtection.EndToEnd, PassthroughUntil = long.MinValue };
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(),
            group with { Keys = [KeysOf(2, (Ada, secret))] }, [Ada, Bo]));
        Receive(new RtpPacketBuilder { SequenceNumber = 1 }, at: time.GetTimestamp()); // silence
        byte[] stranger = [.. Enumerable.Repeat((byte)7, 16)];
        Receive(Sealed(2, stranger), at: time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Receive(Sealed(3, secret), at: time.GetTimestamp()); // not looked at so soon
        Assert.True(ring.IsEmpty);
        time.Advance(TimeSpan.FromTicks(1));
        Receive(Sealed(4, secret), at: time.GetTimestamp());
        Assert.Equal([(1, AudioFrameKind.Opus), (2, AudioFrameKind.Undecryptable), (3, AudioFrameKind.Opus), (4, AudioFrameKind.Opus)],
            ReadFrame.DrainAll(ring).Select(frame => ((int)frame.SequenceNumber, frame.Kind)));

        static RtpPacketBuilder Sealed(ushort number, byte[] with) => new()
        {
            SequenceNumber = number,
            Payload = FrameSealer.Seal(FrameSealer.KeyOf(with, 0), number, [0x78, 2, 3, 4, 5]),
        };
    }

    /// <summary>Who has a source and is silent may have got another one that nobody announced.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_person_left_over_owns_the_only_source_left_over_while_the_others_speak_from_theirs(bool boSpeaks)
    {
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong> { [20] = Bo }, null, [Ada]));
        Receive(new RtpPacketBuilder { Ssrc = 20, Payload = [0x78, 2] }, at: time.GetTimestamp());
        for (ushort i = 0; i < 10; i++) Receive(new RtpPacketBuilder { SequenceNumber = i, Payload = [0x78, 1] }, at: time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(1));
        Receive(new RtpPacketBuilder { Ssrc = 20, Payload = boSpeaks ? [0x78, 3] : [0xF8, 0xFF, 0xFE] }, at: time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(1.1));
        path.Expire(time.GetTimestamp());
        ulong expected = boSpeaks ? Ada : UnnamedSource.IdOf(9876);
        Assert.Equal(Enumerable.Repeat(expected, 10),
            ReadFrame.DrainAll(ring).Where(frame => frame.Ssrc != 20).Select(frame => frame.UserId));
    }

    private void RunMixed(byte[][] packets, byte[][] unknown, byte[][] empty, byte[] forged, int from)
    {
        for (int i = from; i < from + 2000; i++)
        {
            path.Receive(packets[i], i);
            path.Receive(packets[i], i); // again
            path.Receive(forged, i);
            path.Receive(unknown[i], i);
            path.Receive(empty[i], i);
            while (ring.TryRead(out _)) ring.Release();
        }
    }

    private EpochKeys KeysOf(int epoch, params (ulong User, byte[] Secret)[] users) =>
        MakeKeys(epoch, (ulong)epoch, time.GetTimestamp(), users.ToFrozenDictionary(one => one.User, one => one.Secret));

    // Only a group makes keys elsewhere.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern EpochKeys MakeKeys(int serial, ulong epoch, long establishedAt, FrozenDictionary<ulong, byte[]> secrets);

    private DropReason Receive(RtpPacketBuilder packet, long at = 0) => path.Receive(packet.Build(), at);

    private void Know(params (uint Ssrc, ulong User)[] users) =>
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, users.ToDictionary(user => user.Ssrc, user => user.User)));
}
