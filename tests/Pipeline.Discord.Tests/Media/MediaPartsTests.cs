using System.Globalization;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Media;

/// <summary>What holds frames between the socket and the recording: bounded, in order, and counted.</summary>
public sealed class MediaPartsTests
{
    private static readonly byte[] Sound = [0x78, 1, 2, 3];
    private static readonly byte[] Marker = [0xF8, 0xFF, 0xFE];

    private readonly FakeTimeProvider time = new();
    private readonly UnknownSsrcHold hold;
    private readonly List<(ulong User, ushort Sequence)> delivered = [];
    private readonly Dictionary<DropReason, int> givenUp = [];

    public MediaPartsTests() => hold = new UnknownSsrcHold(time, (reason, count) =>
        givenUp[reason] = givenUp.GetValueOrDefault(reason) + count);

    private long Second => time.TimestampFrequency;

    [Fact]
    public void Source_without_a_name_keeps_its_last_800_frames_in_order()
    {
        for (int i = 0; i < 800; i++) Assert.Equal(0, Add(1, i));
        Assert.Equal(1, Add(1, 800));
        Assert.Equal(1, Add(1, 801));
        hold.Release(Named(2), Deliver);
        Assert.Equal((0, true), (delivered.Count, hold.Contains(1)));
        hold.Release(Named(1), Deliver);
        Assert.Equal(Enumerable.Range(2, 800), delivered.Select(one => (int)one.Sequence));
        Assert.All(delivered, one => Assert.Equal(1001UL, one.User));
        Assert.Equal((0, false), (hold.SourceCount, hold.Contains(1)));
    }

    [Fact]
    public void Of_more_than_32_sources_the_quietest_of_those_that_have_shown_least_makes_room()
    {
        for (uint ssrc = 1; ssrc <= 32; ssrc++)
        {
            Add(ssrc, 0, at: 1000 - (ssrc == 7 ? 500 : ssrc));
            if (ssrc > 3) Add(ssrc, 1, at: 1000 - (ssrc == 7 ? 500 : ssrc));
        }
        Assert.Equal(32, hold.SourceCount);
        Assert.Equal(1, Add(33, 0, at: 2000));
        Assert.Equal((32, false, true), (hold.SourceCount, hold.Contains(3), hold.Contains(33)));
        for (uint ssrc = 34; ssrc < 1034; ssrc++) Assert.Equal(1, Add(ssrc, 0, at: 2000 + ssrc));
        Assert.Equal([4u, 7, 32, 1032, 1033], new uint[] { 1, 2, 3, 4, 7, 32, 33, 1032, 1033 }.Where(hold.Contains));
        for (uint ssrc = 2000; ssrc < 2004; ssrc++)
        {
            Add(ssrc, 0, at: 4000);
            Add(ssrc, 1, at: 4000);
        }
        Assert.False(hold.Contains(7)); // nobody has shown less, and it has been quiet longest
        Assert.Equal([DropReason.StraySource], givenUp.Keys);
    }

    /// <summary>A source that shows a new number with each packet is nobody's, and one of which half is lost is somebody's.</summary>
    [Theory]
    [InlineData("0 1 2", true)]
    [InlineData("5 2 9", true)]
    [InlineData("0 1", false)]
    [InlineData("0 0 0", false)]
    [InlineData("0 17 34 51", false)]
    [InlineData("32768 0 32768", false)]
    [InlineData("0 17 18 19", true)]
    [InlineData("65534 0 2", true)]
    [InlineData("0 1 2 5000", true)]
    public void Source_is_somebodys_once_three_of_its_packets_hang_together(string numbers, bool isSomebodys)
    {
        int[] all = [.. numbers.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        foreach (int number in all) Add(1, number, at: 100);
        hold.Settle(100 + (3 * Second), Named(1), Deliver);
        Assert.Equal(isSomebodys ? all : [], delivered.Select(one => (int)one.Sequence));
        Assert.Equal(isSomebodys ? 0 : all.Length, Expire(100 * Second));
        Assert.Equal(isSomebodys ? [] : [DropReason.StraySource], givenUp.Keys);
    }

    [Fact]
    public void Frames_wait_for_two_seconds_and_a_source_without_any_is_gone()
    {
        Add(1, 0, at: 0);
        Add(1, 1, at: 1);
        Add(2, 0, at: 5);
        Assert.Equal(0, Expire(2 * Second));
        Assert.Equal(1, Expire((2 * Second) + 1));
        Assert.Equal(2, hold.SourceCount);
        Assert.Equal(1, Expire((2 * Second) + 2));
        Assert.Equal((1, false), (hold.SourceCount, hold.Contains(1)));
        Assert.Equal(1, Expire(10 * Second));
        Assert.Equal(0, Expire(10 * Second));
    }

    [Theory]
    [InlineData(3, 2.0, true, false)]
    [InlineData(3, 2.0001, true, true)]
    [InlineData(2, 2.0001, true, false)] // too little to be anybody's
    [InlineData(3, 2.0001, false, false)] // nothing but silence: nobody needs to be found
    [InlineData(800, 0, true, false)]
    public void Source_that_cannot_wait_longer_is_settled(int frames, double seconds, bool hasSound, bool isSettled)
    {
        for (int i = 0; i < frames; i++) Add(1, i, at: 100, opus: hasSound ? Sound : Marker);
        hold.Settle(100 + (long)(seconds * Second), Named(1), Deliver);
        Assert.Equal(isSettled ? frames : 0, delivered.Count);
        hold.Settle(100 + (100 * Second), Named(9), Deliver); // nobody is found
        Assert.Equal(!isSettled, hold.Contains(1));
    }

    [Fact]
    public void Frame_that_fits_nowhere_is_lost_alone()
    {
        Assert.Equal(1, Add(1, 0, opus: new byte[20_000]));
        Assert.Equal(0, Expire(0));
        Assert.Equal(0, hold.SourceCount);
    }

    [Fact]
    public void Undecryptable_frame_is_no_sound()
    {
        for (int i = 0; i < 3; i++) hold.Add(Frame(1, i, 0, Sound, AudioFrameKind.Undecryptable), Named(0), Deliver);
        hold.Settle(100 * Second, Named(1), Deliver);
        Assert.Empty(delivered);
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(4095)]
    [InlineData(6000)]
    public void Ring_has_a_power_of_two_of_at_least_4096_bytes(int capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new AudioFrameRing(capacity));

    [Fact]
    public void Ring_is_full_to_the_last_byte_and_nearly_full_beyond_three_quarters()
    {
        AudioFrameRing ring = new(4096);
        Assert.True(ring.IsEmpty);
        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(i > 48, ring.IsNearlyFull); // 64 bytes each
            Assert.True(ring.TryWrite(Frame(1, i, 0, new byte[32])));
        }
        Assert.False(ring.TryWrite(Frame(1, 64, 0, [])));
        Assert.Equal((1, false), (ring.Dropped, ring.IsEmpty));
        Assert.True(ring.TryRead(out AudioFrame first));
        Assert.Equal(0, first.SequenceNumber);
        ring.Release();
        Assert.True(ring.TryWrite(Frame(1, 65, 0, new byte[32])));
        AudioFrameRing empty = new(4096);
        Assert.Throws<InvalidOperationException>(empty.Release);
        Assert.False(empty.TryWrite(Frame(1, 0, 0, new byte[993]))); // more than a quarter
        Assert.True(empty.TryWrite(Frame(1, 0, 0, new byte[992])));
    }

    [Fact]
    public void Ring_gives_out_what_it_took_and_nothing_else() => Gen.Int[-1, 1000].Array[1, 200].Sample(steps =>
    {
        AudioFrameRing ring = new(4096);
        Queue<(int Number, byte[] Opus)> model = new();
        int number = 0;
        long refused = 0;
        foreach (int step in steps)
        {
            if (step >= 0)
            {
                byte[] opus = [.. Enumerable.Range(0, step).Select(i => (byte)(i + number))];
                bool taken = ring.TryWrite(Frame(7, number, number, opus));
                if (model.Count == 0 && step <= 992) Assert.True(taken, "an empty ring takes what is not too long");
                if (taken) model.Enqueue((number, opus));
                else refused++;
                number++;
                continue;
            }
            Assert.Equal(model.Count > 0, ring.TryRead(out AudioFrame frame));
            if (!model.TryDequeue(out (int Number, byte[] Opus) expected)) continue;
            Assert.Equal(((ushort)expected.Number, 1007UL, 7u, (uint)(expected.Number * 960), (long)expected.Number),
                (frame.SequenceNumber, frame.UserId, frame.Ssrc, frame.Timestamp, frame.ReceivedAt));
            Assert.Equal(expected.Opus, frame.Opus.ToArray());
            ring.Release();
        }
        Assert.Equal((model.Count == 0, refused), (ring.IsEmpty, ring.Dropped));
    }, seed: "0N0XIzNsQ0O2", iter: 100, threads: 1);

    [Fact]
    public void Datagrams_are_counted_by_what_became_of_them()
    {
        MediaCounters counters = new();
        counters.Count(DropReason.Discovery, 5);
        Assert.Equal((1, 0, 0), (counters.Datagrams, counters.Audio, counters.HeardAt)); // an answer to us is no sign of life of the call
        counters.Count(DropReason.None, 10);
        counters.Count(DropReason.None, 11);
        counters.Count(DropReason.KeepaliveEcho, 20);
        counters.Count(DropReason.Rtcp, 21);
        counters.CountOnly(DropReason.Rtcp);
        counters.CountRecovered();
        Assert.Equal((5, 3, 21, 1), (counters.Datagrams, counters.Audio, counters.HeardAt, counters.KeepaliveEchoes));
        Assert.Equal((2, 0, 0), (counters.Read(DropReason.Rtcp), counters.Read(DropReason.None), counters.Read(DropReason.TooLong)));
        Assert.Same(counters.Of(1), counters.Of(1));
        Assert.NotSame(counters.Of(1), counters.Of(2));
        VoiceHealth health = counters.Health(kernelDrops: 7);
        Assert.Equal((5, 7, 1, 2), (health.Datagrams, health.KernelDrops, health.Recovered, health.Users.Count));
        Assert.Equal([(DropReason.Discovery, 1L), (DropReason.KeepaliveEcho, 1), (DropReason.Rtcp, 2)],
            health.Drops.Select(drop => (drop.Key, drop.Value)).Order());
    }

    private int Add(uint ssrc, int sequence, long at = 0, byte[]? opus = null) =>
        Lost(() => hold.Add(Frame(ssrc, sequence, at, opus ?? Sound), Named(0), Deliver));

    private int Expire(long now) => Lost(() => hold.Expire(now));

    private int Lost(Action action)
    {
        int before = givenUp.Values.Sum();
        action();
        return givenUp.Values.Sum() - before;
    }

    private void Deliver(ulong userId, in AudioFrame frame) => delivered.Add((userId, frame.SequenceNumber));

    private static UnknownSsrcHold.TryFindUser Named(uint known) => (uint ssrc, out ulong userId) =>
    {
        userId = 1000 + ssrc;
        return ssrc == known;
    };

    private static AudioFrame Frame(uint ssrc, int sequence, long at, byte[] opus, AudioFrameKind kind = AudioFrameKind.Opus) => new()
    {
        Kind = kind,
        UserId = 1000 + ssrc,
        Ssrc = ssrc,
        SequenceNumber = (ushort)sequence,
        Timestamp = (uint)(sequence * 960),
        ReceivedAt = at,
        Opus = opus,
    };
}
