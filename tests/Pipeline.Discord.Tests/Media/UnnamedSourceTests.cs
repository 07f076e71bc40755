using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Vectors;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Tests.Rtp;

namespace Pipeline.Discord.Tests.Media;

/// <summary>What nobody has named, or no key has come for, is kept however much it is; what is beyond every bound is counted.</summary>
public sealed class UnnamedSourceTests : IDisposable
{
    private const uint OwnSsrc = 1;
    private const ulong Ada = 100;
    private const ulong Bo = 200;

    private static readonly TimeSpan Joining = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider time = new();
    private readonly AudioFrameRing ring = new(4 * AudioFrameRing.DefaultCapacity);
    private readonly TransportKey transportKey = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
    private readonly MediaPath path;

    public UnnamedSourceTests() => path = new MediaPath(ring, time);

    public void Dispose()
    {
        path.Dispose();
        transportKey.Dispose();
    }

    [Theory]
    [InlineData(2, 10_000)]
    [InlineData(1275, 200)]
    public void Source_that_nobody_names_loses_nothing_however_many_frames_come_before_it_is_looked_at(int length, int count)
    {
        Know();
        byte[] payload = [.. Enumerable.Repeat((byte)0x78, length)];
        for (int i = 0; i < count; i++) Receive(9876, (ushort)i, payload);
        time.Advance(TimeSpan.FromSeconds(2.1));
        path.Expire(time.GetTimestamp());
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, count), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames, frame => Assert.Equal(UnnamedSource.IdOf(9876), frame.UserId));
        Assert.Equal(0, path.Counters.Read(DropReason.UnknownSsrc));
    }

    [Fact]
    public void Hundreds_of_sources_without_a_name_are_all_kept_and_those_beyond_the_bound_are_counted()
    {
        Know();
        for (uint ssrc = 10; ssrc < 10 + SourceFinder.MaxSources + 7; ssrc++) Talk(ssrc);
        time.Advance(TimeSpan.FromSeconds(2.1));
        path.Expire(time.GetTimestamp());
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(SourceFinder.MaxSources, frames.Select(frame => frame.UserId).Distinct().Count());
        Assert.Equal(7 * UnknownSsrcHold.ProvenBy, path.Counters.Read(DropReason.UnknownSsrc));
        Assert.Equal(0, path.Counters.Read(DropReason.StraySource));
    }

    /// <summary>It fills no recording with tracks, and pushes nobody out who speaks.</summary>
    [Fact]
    public void Server_that_invents_a_source_for_each_packet_gets_no_tracks_and_a_voice_among_them_keeps_all_it_says()
    {
        Know();
        for (ushort i = 0; i < 300; i++)
        {
            Receive(9876, i, [0x78, 1]);
            for (uint packet = 0; packet < 20; packet++) Receive(100_000 + (20u * i) + packet, (ushort)(7919 * packet), [0x78, 1]);
            time.Advance(TimeSpan.FromMilliseconds(20));
            path.Expire(time.GetTimestamp());
        }
        path.Dispose();
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(0, 300), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames, frame => Assert.Equal(UnnamedSource.IdOf(9876), frame.UserId));
        Assert.Equal((6000, 0), (path.Counters.Read(DropReason.StraySource), path.Counters.Read(DropReason.UnknownSsrc)));
    }

    [Fact]
    public void Source_that_is_named_at_last_gives_its_place_to_the_next()
    {
        Dictionary<uint, ulong> named = [];
        for (uint ssrc = 10; ssrc < 10 + SourceFinder.MaxSources + 50; ssrc++)
        {
            path.Apply(new MediaSnapshot(OwnSsrc, transportKey, named, null, [Ada, Bo]));
            Talk(ssrc);
            time.Advance(TimeSpan.FromSeconds(2.1));
            path.Expire(time.GetTimestamp());
            Assert.Equal(Enumerable.Repeat(UnnamedSource.IdOf(ssrc), UnknownSsrcHold.ProvenBy),
                ReadFrame.DrainAll(ring).Select(frame => frame.UserId));
            named[ssrc] = Bo;
        }
        Assert.Equal(0, path.Counters.Read(DropReason.UnknownSsrc));
    }

    [Fact]
    public void What_twenty_five_people_say_in_two_seconds_waits_for_the_transport_key()
    {
        Dictionary<uint, ulong> people = Enumerable.Range(10, 25).ToDictionary(ssrc => (uint)ssrc, ssrc => (ulong)ssrc);
        path.Apply(new MediaSnapshot(OwnSsrc, null, people));
        byte[] payload = [.. Enumerable.Repeat((byte)0x78, 160)]; // 64 kbit/s
        for (ushort number = 0; number < 95; number++)
        {
            foreach (uint ssrc in people.Keys) Receive(ssrc, number, payload);
            time.Advance(TimeSpan.FromMilliseconds(20));
        }
        Assert.True(ring.IsEmpty);
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, people));
        Assert.Equal(95 * 25, ReadFrame.DrainAll(ring).Count);
    }

    [Fact]
    public void Source_that_nobody_owns_for_ever_holds_no_more_than_its_bound()
    {
        AwaitKeys();
        for (int i = 0; i < 10_000; i++) Receive(9876, (ushort)i, [0x78, 1]);
        Assert.Equal(10_000 - UnknownSsrcHold.MaxFramesPerSource, path.Counters.Read(DropReason.UnknownSsrc));
        Name(9876);
        Assert.Equal(UnknownSsrcHold.MaxFramesPerSource, ReadFrame.DrainAll(ring).Count);
    }

    [Fact]
    public void More_unknown_sources_than_the_bound_push_out_the_quietest()
    {
        AwaitKeys();
        for (uint ssrc = 100; ssrc < 100 + UnknownSsrcHold.MaxSources + 5; ssrc++)
        {
            Talk(ssrc);
            time.Advance(TimeSpan.FromTicks(1));
        }
        Assert.Equal(5 * UnknownSsrcHold.ProvenBy, path.Counters.Read(DropReason.UnknownSsrc));
        Name([.. Enumerable.Range(100, 64).Select(ssrc => (uint)ssrc)]);
        Assert.Equal(Enumerable.Range(105, 32).Select(ssrc => (uint)ssrc),
            ReadFrame.DrainAll(ring).Select(frame => frame.Ssrc).Distinct().Order());
    }

    [Fact]
    public void Large_held_frames_are_bounded_in_bytes()
    {
        AwaitKeys();
        for (ushort i = 0; i < 100; i++)
            Receive(9876, i, [.. Enumerable.Repeat((byte)0x78, 1275)]);
        Name(9876);
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.InRange(frames.Count, 40, 60);
        Assert.Equal(99, frames[^1].SequenceNumber);
        Assert.Equal(100 - frames.Count, path.Counters.Read(DropReason.UnknownSsrc));
    }

    /// <summary>A trial costs a key chain per member and epoch: a server that invents sources must not cost more than so many.</summary>
    [Fact]
    public void Keys_are_tried_on_twenty_new_sources_in_a_second_and_on_the_others_after_it()
    {
        byte[] secret = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        DaveSnapshot group = new() { ProtocolVersion = 1, Protection = DaveProtection.EndToEnd, PassthroughUntil = long.MinValue };
        EpochKeys keys = MakeKeys(1, 1, time.GetTimestamp(), new Dictionary<ulong, byte[]> { [Ada] = secret }.ToFrozenDictionary());
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(), group with { Keys = [keys] }, [Ada, Bo]));
        Speak(number: 1);
        Assert.Equal(20, ReadFrame.DrainAll(ring).Count);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Speak(number: 2);
        Assert.Equal(20, ReadFrame.DrainAll(ring).Count);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Speak(number: 3);
        Assert.Equal(20 + (10 * 3), ReadFrame.DrainAll(ring).Count(frame => frame is { UserId: Ada, Kind: AudioFrameKind.Opus }));

        void Speak(ushort number)
        {
            for (uint ssrc = 10; ssrc < 40; ssrc++)
                Receive(ssrc, number, FrameSealer.Seal(FrameSealer.KeyOf(secret, 0), (ssrc * 10) + number, [0x78, 2, 3, 4, 5]));
        }
    }

    // Only a group makes keys elsewhere.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern EpochKeys MakeKeys(int serial, ulong epoch, long establishedAt, FrozenDictionary<ulong, byte[]> secrets);

    /// <summary>Nobody's key opens it: that is a loss of its own voice, and no silence.</summary>
    [Fact]
    public void Voice_without_a_name_is_lost_in_the_sight_of_people_once_the_group_has_had_its_time_and_does_not_come()
    {
        AwaitKeys();
        for (ushort i = 0; i < 10; i++) Receive(9876, i, Sealed(i));
        time.Advance(TimeSpan.FromSeconds(2.1));
        path.Expire(time.GetTimestamp());
        Assert.True(ring.IsEmpty); // sent while we joined
        Assert.Equal(10, path.Counters.Read(DropReason.UnknownSsrc));

        time.Advance(Joining);
        for (ushort i = 10; i < 60; i++) Receive(9876, i, Sealed(i));
        time.Advance(TimeSpan.FromSeconds(2.1));
        path.Expire(time.GetTimestamp());
        Receive(9876, 60, Sealed(60));
        List<ReadFrame> frames = ReadFrame.DrainAll(ring);
        Assert.Equal(Enumerable.Range(10, 51), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames, frame => Assert.Equal((AudioFrameKind.Undecryptable, UnnamedSource.IdOf(9876)), (frame.Kind, frame.UserId)));
        Assert.Equal(10, path.Counters.Read(DropReason.UnknownSsrc));
        Assert.Equal(51, Assert.Single(path.Health(0).Users).Undecryptable);

        static byte[] Sealed(ushort number) => FrameSealer.Seal(FrameSealer.KeyOf(new byte[16], 0), number + 1u, [0x78, 2, 3, 4, 5]);
    }

    // Nothing can be told of a source while we join the group.
    private void AwaitKeys() => path.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(), new DaveSnapshot
    {
        ProtocolVersion = 1,
        Protection = DaveProtection.Pending,
        PassthroughUntil = long.MinValue,
        JoinGapUntil = time.GetTimestamp() + (long)(Joining.TotalSeconds * time.TimestampFrequency),
    }));

    private void Name(params uint[] sources) =>
        path.Apply(new MediaSnapshot(OwnSsrc, transportKey, sources.ToDictionary(ssrc => ssrc, _ => Ada)));

    private void Know() => path.Apply(new MediaSnapshot(OwnSsrc, transportKey, new Dictionary<uint, ulong>(), null, [Ada, Bo]));

    // As little as makes somebody of a source.
    private void Talk(uint ssrc)
    {
        for (ushort number = 1; number <= UnknownSsrcHold.ProvenBy; number++) Receive(ssrc, number, [0x78, 1]);
    }

    private void Receive(uint ssrc, ushort number, byte[] payload) =>
        path.Receive(new RtpPacketBuilder { Ssrc = ssrc, SequenceNumber = number, Payload = payload }.Build(), time.GetTimestamp());
}
