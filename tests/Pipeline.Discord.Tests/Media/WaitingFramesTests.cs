using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Vectors;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Tests.Rtp;

namespace Pipeline.Discord.Tests.Media;

/// <summary>
/// Frames that wait for a name or a key, and what came behind them: in which order they leave, and what becomes of them at the end.
/// </summary>
public sealed class WaitingFramesTests : IDisposable
{
    private const uint OwnSsrc = 1;
    private const ulong Ada = 100;
    private const ulong Bo = 200;

    private static readonly byte[] Secret = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    private readonly FakeTimeProvider time = new();
    private readonly AudioFrameRing ring = new();
    private readonly TransportKey transportKey = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
    private readonly MediaPath path;

    public WaitingFramesTests() => path = new MediaPath(ring, time);

    public void Dispose()
    {
        path.Dispose();
        transportKey.Dispose();
    }

    /// <summary>
    /// What comes out first begins the source's counting: whatever then comes with a lower number is late, and thrown away.
    /// </summary>
    [Fact]
    public void Silence_and_padding_stay_behind_the_frames_that_wait_for_their_key()
    {
        DaveSnapshot group = Group(KeysOf(1, (Bo, new byte[16])));
        Apply(group, (9876, Ada));
        for (ushort i = 0; i < 30; i++) Assert.Equal(DropReason.None, Receive(Sealed(i, Secret), at: i));
        for (ushort i = 30; i < 35; i++) Assert.Equal(DropReason.None, Receive(new RtpPacketBuilder { SequenceNumber = i }, at: i));
        Assert.Equal(DropReason.PaddingOnly, Receive(new RtpPacketBuilder { SequenceNumber = 35, Payload = [], Padding = 9 }, at: 35));
        Assert.Equal(DropReason.Refused, Receive(new RtpPacketBuilder { SequenceNumber = 36, Payload = [0x78, 1] }, at: 36));
        Assert.Equal(DropReason.None, Receive(Sealed(37, Secret), at: 37));
        Assert.True(ring.IsEmpty);

        Apply(group with { Keys = [KeysOf(2, (Ada, Secret)), .. group.Keys], Revision = 2 }, (9876, Ada));
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 38), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.Equal(Enumerable.Range(0, 38), frames.Select(frame => (int)frame.ReceivedAt));
        Assert.Equal([35, 36], frames.Where(frame => frame.Kind == AudioFrameKind.Empty).Select(frame => (int)frame.SequenceNumber));
        Assert.Equal([0xF8, 0xFF, 0xFE], frames[34].Opus);
        UserAudioHealth health = Assert.Single(path.Counters.Health(0).Users);
        Assert.Equal((36L, 5L, 36L, 1L), (health.Frames, health.Silence, health.Held, health.Refused));
    }

    [Fact]
    public void Source_without_a_name_keeps_its_order_when_its_frames_wait_for_a_key_too()
    {
        DaveSnapshot group = Group(KeysOf(1, (Bo, new byte[16])));
        Apply(group);
        Receive(Sealed(0, Secret));
        Receive(new RtpPacketBuilder { SequenceNumber = 1, Payload = [], Padding = 9 });
        Receive(Sealed(2, Secret));
        Apply(group, (9876, Ada));
        Assert.True(ring.IsEmpty);
        Apply(group with { Keys = [KeysOf(2, (Ada, Secret))], Revision = 2 }, (9876, Ada));
        Assert.Equal([(0, AudioFrameKind.Opus), (1, AudioFrameKind.Empty), (2, AudioFrameKind.Opus)],
            ReadFrame.DrainAll(ring).Select(frame => ((int)frame.SequenceNumber, frame.Kind)));
    }

    [Fact]
    public void Frames_that_wait_for_a_name_come_out_before_those_that_wait_for_the_next_transport_key()
    {
        Apply(null);
        Receive(new RtpPacketBuilder { SequenceNumber = 1, Payload = [0x78, 1] });
        byte[] renewed = [.. Enumerable.Repeat((byte)9, 32)];
        Assert.Equal(DropReason.NotAuthentic,
            Receive(new RtpPacketBuilder { SequenceNumber = 2, Payload = [0x78, 2], TransportKey = renewed }));
        using TransportKey next = new(TransportKey.AesGcmMode, renewed);
        path.Apply(new MediaSnapshot(OwnSsrc, next, new Dictionary<uint, ulong> { [9876] = Ada }));
        Assert.Equal([1, 2], ReadFrame.DrainAll(ring).Select(frame => (int)frame.SequenceNumber));
    }

    [Fact]
    public void What_was_sent_before_we_joined_the_group_leaves_its_numbers()
    {
        byte[] before = [.. Enumerable.Repeat((byte)7, 16)];
        Apply(Group(KeysOf(1, (Ada, Secret))) with { JoinedSerial = 1, JoinGapUntil = time.GetTimestamp() + time.TimestampFrequency },
            (9876, Ada));
        for (ushort i = 0; i < 20; i++) Receive(Sealed(i, before));
        Assert.True(ring.IsEmpty);
        Receive(Sealed(20, Secret));
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 21), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames.Take(20), frame => Assert.Equal((AudioFrameKind.Empty, Ada), (frame.Kind, frame.UserId)));
        Assert.Equal(AudioFrameKind.Opus, frames[^1].Kind);
        UserAudioHealth health = Assert.Single(path.Health(0).Users);
        Assert.Equal((20L, 1L, 0L, 0L), (health.EndToEnd.JoinGap, health.Frames, health.Undecryptable, health.Refused));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Voice_without_a_name_is_kept_at_the_end_as_nobodys(bool hasOneLeftOver)
    {
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(), null, hasOneLeftOver ? [Ada] : []));
        for (ushort i = 0; i < 50; i++) Receive(new RtpPacketBuilder { SequenceNumber = i, Payload = [0x78, 1] });
        time.Advance(TimeSpan.FromSeconds(1));
        path.Expire(time.GetTimestamp());
        Assert.True(ring.IsEmpty);
        path.Dispose();
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 50), frames.Select(frame => (int)frame.SequenceNumber));
        // Nobody has waited for its owner's name for long: it may be that of somebody else.
        Assert.All(frames, frame => Assert.Equal((AudioFrameKind.Opus, UnnamedSource.IdOf(9876)), (frame.Kind, frame.UserId)));
        Assert.Equal(0, path.Counters.Read(DropReason.UnknownSsrc));
        path.Dispose();
        Assert.True(ring.IsEmpty);
    }

    [Fact]
    public void Frames_whose_key_has_not_come_by_the_end_are_not_lost_without_a_trace()
    {
        Apply(Group(KeysOf(1, (Bo, new byte[16]))), (9876, Ada));
        for (ushort i = 0; i < 50; i++) Receive(Sealed(i, Secret));
        Receive(new RtpPacketBuilder { SequenceNumber = 50 });
        path.Dispose();
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 51), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames.Take(50), frame => Assert.Equal((AudioFrameKind.Undecryptable, Ada), (frame.Kind, frame.UserId)));
        Assert.Equal(AudioFrameKind.Opus, frames[50].Kind);
        Assert.Equal(50, Assert.Single(path.Health(0).Users).Undecryptable);
    }

    [Fact]
    public void What_cannot_be_kept_at_the_end_is_counted()
    {
        Apply(Group() with { Protection = DaveProtection.Pending, JoinGapUntil = time.GetTimestamp() + time.TimestampFrequency });
        for (ushort i = 0; i < 10; i++) Receive(Sealed(i, new byte[16])); // nobody's, and no key at all
        Receive(new RtpPacketBuilder { Ssrc = 20 }); // a silence marker of another
        path.Dispose();
        Assert.True(ring.IsEmpty);
        Assert.Equal(11, path.Counters.Read(DropReason.UnknownSsrc));
    }

    private static RtpPacketBuilder Sealed(ushort number, byte[] secret) => new()
    {
        SequenceNumber = number,
        Payload = FrameSealer.Seal(FrameSealer.KeyOf(secret, 0), number + 1u, [0x78, (byte)number, 3, 4, 5]),
    };

    private static DaveSnapshot Group(params EpochKeys[] keys) => new()
    {
        ProtocolVersion = 1,
        State = DaveState.Active,
        Protection = DaveProtection.EndToEnd,
        PassthroughUntil = long.MinValue,
        Keys = [.. keys],
        Revision = 1,
    };

    private DropReason Receive(RtpPacketBuilder packet, long? at = null) => path.Receive(packet.Build(), at ?? time.GetTimestamp());

    private void Apply(DaveSnapshot? dave, params (uint Ssrc, ulong User)[] users) =>
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, users.ToDictionary(one => one.Ssrc, one => one.User), dave));

    private EpochKeys KeysOf(int epoch, params (ulong User, byte[] Secret)[] users) =>
        MakeKeys(epoch, (ulong)epoch, time.GetTimestamp(), users.ToFrozenDictionary(one => one.User, one => one.Secret));

    // Only a group makes keys elsewhere.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern EpochKeys MakeKeys(int serial, ulong epoch, long establishedAt, FrozenDictionary<ulong, byte[]> secrets);
}
