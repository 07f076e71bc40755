using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>Where one track's sound lies and where its segments begin and end, to the sample.</summary>
public sealed class PlacementTests
{
    private static readonly CaptureOptions Short = new()
    {
        Channels = 1,
        MaximumSegmentDuration = TimeSpan.FromSeconds(1),
        MinimumSegmentDuration = TimeSpan.Zero,
    };

    private static readonly CaptureOptions Packets = new()
    {
        Channels = 1,
        Format = SegmentFormat.Opus,
        MaximumSegmentDuration = TimeSpan.FromSeconds(60),
        MinimumSegmentDuration = TimeSpan.Zero,
    };

    [Fact]
    public void Floating_segment_follows_the_clock_and_never_into_the_one_before()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        track.Learn(-300);
        track.Placement.Close(padding: 0, arrival: 11_000);
        Assert.Equal((9_700L, 960L, 10_660L), (track.Closed[0].StartSample, track.Closed[0].SampleCount, track.Placement.Position));

        Packet next = new() { Sequence = 3, Arrival = 11_500, Timestamp = 11_500 + 300 };
        Assert.Equal(11_500 + 300 - 300 - 10_660, track.Placement.GapBefore(in next));
        track.Placement.Reach(in next);
        track.Write(960);
        track.Learn(-3_300); // 2,160 samples before what is written
        track.Placement.Close(padding: 0, arrival: 12_500);
        Assert.Equal((10_660L, 960L, 11_620L), (track.Closed[1].StartSample, track.Closed[1].SampleCount, track.Placement.Position));
        Packet behind = new() { Sequence = 4, Arrival = 12_460, Timestamp = next.Timestamp + 960 };
        Assert.Equal(0, track.Placement.GapBefore(in behind));
    }

    [Theory]
    [InlineData(479_999, PlacementState.Floating, 10_000)]
    [InlineData(480_000, PlacementState.Settled, 9_700)]
    internal void Start_is_known_well_enough_after_ten_seconds(int samples, PlacementState expected, long start)
    {
        using TrackParts track = new(Short with { MaximumSegmentDuration = TimeSpan.FromSeconds(60) });
        track.Begin(10_000);
        track.Write(samples - 960);
        track.Placement.AppendSilence(960, arrival: 0);
        track.Learn(-300);
        track.Placement.SettleWhenLong();
        Assert.Equal((expected, start, 960L), (track.Placement.State, track.Lane.Start, track.Placement.Silence));
        track.Learn(-900);
        track.Placement.SettleWhenLong();
        Assert.Equal(start, track.Lane.Start);
    }

    [Fact]
    public void Clock_that_ran_away_moves_nothing_that_was_said_before()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        Packet ahead = new() { Sequence = 2, Arrival = 11_000, Timestamp = 200_000 };
        track.Placement.Align(in ahead, continues: true);
        Assert.Equal((1L, 40L, PlacementState.Settled),
            (track.Counters.Reanchored, track.Placement.GapBefore(in ahead), track.Placement.State));
        track.Learn(-300_000);
        track.Placement.Close(padding: 0, arrival: 12_000);
        Assert.Equal(10_000, track.Closed[0].StartSample);
    }

    [Fact]
    public void Segment_is_filled_to_the_last_sample_and_the_next_one_takes_the_rest()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(47_039);
        track.Placement.AppendSilence(960, arrival: 0);
        Assert.Equal((1L, 47_999L), (track.Lane.Room, track.Lane.Samples));
        track.Placement.AppendSilence(1, arrival: 0);
        Assert.Equal((48_000L, PlacementState.Cut), (Assert.Single(track.Closed).SampleCount, track.Placement.State));
        track.Write(47_999);
        Assert.Equal((1L, 47_999L), (track.Lane.Room, track.Lane.Samples));
        track.Write(2);
        Assert.Equal((2, 1L, 10_000L + 96_001), (track.Closed.Count, track.Lane.Samples, track.Placement.Position));
        track.Placement.AppendSilence(48_000 + 10, arrival: 0); // the rest is no segment: nobody has spoken again
        Assert.Equal((3, 0L, 10_000L + 144_011), (track.Closed.Count, track.Lane.Samples, track.Placement.Position));
    }

    [Fact]
    public void Packet_that_is_longer_than_a_segment_has_one_of_its_own()
    {
        using TrackParts track = new(Packets with { MaximumSegmentDuration = TimeSpan.FromMilliseconds(10) });
        track.Begin(0);
        for (int i = 0; i < 2; i++) track.Placement.Append(FrameAudio.OfPacket([0x08, 1, 2, 3], 960), audible: true, arrival: 0);
        Assert.Equal([960L, 960], track.Closed.Select(segment => segment.SampleCount));
    }

    [Theory]
    [InlineData(480, true)]
    [InlineData(-480, true)]
    [InlineData(479, false)]
    [InlineData(-479, false)]
    public void Packets_that_lie_ten_milliseconds_off_are_put_right_after_five_seconds(int lag, bool isCut)
    {
        using TrackParts track = new(Packets);
        track.Begin(0);
        Append(0x08, 960 + lag);
        for (int left = (240_000 - 480 - 960 - lag) / 960; left > 0; left--) Append(0x08, 960);
        track.Placement.CutWhenOff(arrival: 0);
        Assert.Empty(track.Closed); // 10 ms are missing
        Append(0x00, 480);
        track.Placement.CutWhenOff(arrival: 0);
        Assert.Equal(isCut ? [240_000L] : [], track.Closed.Select(segment => segment.SampleCount));
        Append(0x08, 960);
        track.Placement.CutWhenOff(arrival: 0);
        Assert.Equal(isCut ? 1 : 0, track.Closed.Count);

        void Append(byte toc, int samples) =>
            track.Placement.Append(FrameAudio.OfPacket([toc, 1, 2, 3], samples), audible: true, arrival: 0);
    }

    [Theory]
    [InlineData(23_999, long.MaxValue, 24_000)]
    [InlineData(100, 1, 101)]
    [InlineData(100, 0, 100)]
    [InlineData(100, -5, 100)]
    [InlineData(24_001, long.MaxValue, 24_001)]
    public void Segment_is_padded_as_far_as_it_may_be(int samples, long padding, long expected)
    {
        using TrackParts track = new();
        track.Begin(10_000);
        track.Write(samples);
        track.Placement.Close(padding, arrival: 0);
        Assert.Equal(expected, Assert.Single(track.Closed).SampleCount);
    }

    [Fact]
    public void Clock_that_stepped_ends_the_segment_a_quarter_of_a_second_before_what_comes()
    {
        using TrackParts track = new();
        track.Begin(10_000);
        track.Write(960);
        Packet stepped = new() { Sequence = 2, Arrival = 30_000, Timestamp = 50_000 };
        track.Timeline.Observe(in stepped, beginsTalk: true, afterMarker: false);
        track.Timeline.Decide(overflowed: false);
        track.Placement.Align(in stepped, continues: true);
        Assert.Equal((1L, 30_000L - 12_000 - 10_000), (track.Counters.Reanchored, Assert.Single(track.Closed).SampleCount));
        track.Placement.Reach(in stepped);
        Assert.Equal(30_000, track.Placement.Position);
    }

    [Fact]
    public void Only_what_is_heard_opens_a_segment_and_what_fills_talk_behind_a_cut()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960, audible: false, isWithinTalk: true);
        Assert.Equal((false, 10_960L), (track.Placement.IsOpen, track.Placement.Position));
        track.Write(960);
        track.Placement.Cut(arrival: 0);
        track.Write(960, audible: false);
        Assert.False(track.Placement.IsOpen);
        track.Placement.AddGap(10, GapLog.Loss);
        Assert.Empty(track.Context.Gaps.Gaps);
        track.Write(960, audible: false, isWithinTalk: true);
        Assert.Single(track.Context.Gaps.Gaps);
        Assert.Equal((true, 11_920L, 1_920L), (track.Placement.IsOpen, track.Lane.Start, track.Lane.Samples)); // it joins
    }

    [Fact]
    public void What_finds_no_room_is_counted_where_it_was_heard()
    {
        using TrackParts track = new(Short);
        track.Context.Spool.SetFull(true);
        track.Begin(10_000);
        track.Write(960);
        track.Write(960, audible: false);
        Assert.Equal((1L, 11_920L), (track.Counters.SpoolDropped, track.Placement.Position));
        track.Context.Spool.SetFull(false);
        track.Write(960);
        RecordingGap gap = Assert.Single(track.Context.Gaps.Gaps);
        Assert.Equal((10_000L, 960L, "spool"), (gap.StartSample, gap.SampleCount, gap.Reason));
    }

    [Fact]
    public void Segment_behind_what_found_no_room_does_not_join_the_one_before()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        track.Placement.Cut(arrival: 0);
        track.Context.Spool.SetFull(true);
        track.Write(960);
        track.Context.Spool.SetFull(false);
        track.Write(960);
        Assert.Equal((11_920L, 960L), (track.Lane.Start, track.Lane.Samples));
    }

    [Fact]
    public void Pause_behind_a_cut_that_no_segment_has_room_for_is_not_stored()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(48_000);
        track.Placement.AppendSilence(48_000, arrival: 0); // shorter than the pause that ends a segment
        track.Write(960);
        Assert.Equal((1, 106_000L, 960L), (track.Closed.Count, track.Lane.Start, track.Lane.Samples));
    }

    [Fact]
    public void Nothing_is_put_into_what_is_closed()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        track.Placement.Close(padding: 0, arrival: 0);
        Packet early = new() { Sequence = 2, Arrival = 11_000, Timestamp = 10_500 };
        track.Placement.Reach(in early);
        Assert.Equal((10_960L, 0L), (track.Placement.Position, track.Placement.GapBefore(in early)));
    }

    [Fact]
    public void What_was_missing_is_listed_with_the_next_word()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        track.Placement.AddGap(960, GapLog.Undecryptable);
        track.Write(960, audible: false);
        Assert.Empty(track.Context.Gaps.Gaps);
        track.Write(960);
        Assert.Equal(10_960, Assert.Single(track.Context.Gaps.Gaps).StartSample);
    }

    [Fact]
    public void Clock_that_stepped_where_no_file_may_end_moves_nothing_that_was_said_before()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        for (int i = 0; i < 60; i++)
        {
            track.Write(10);
            track.Placement.Close(padding: 0, arrival: 0);
        }
        track.Placement.AppendSilence(100, arrival: 0);
        track.Write(960);
        Assert.Equal(PlacementState.Floating, track.Placement.State);
        Packet stepped = new() { Sequence = 2, Arrival = 30_000, Timestamp = 50_000 };
        track.Timeline.Observe(in stepped, beginsTalk: true, afterMarker: false);
        track.Timeline.Decide(overflowed: false);
        track.Placement.Align(in stepped, continues: true);
        Assert.Equal((1L, PlacementState.Settled, 10_700L), (track.Counters.Reanchored, track.Placement.State, track.Lane.Start));
    }

    [Fact]
    public void Clock_is_followed_inside_a_segment_only_where_its_start_stays()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        track.Learn(1_000);
        Assert.Equal((0, 0), (track.Placement.TakeSlip(960), track.Placement.TakeSilentCorrection(960)));
        track.Placement.Settle();
        Assert.Equal([480, 480, 0], Enumerable.Range(0, 3).Select(_ => track.Placement.TakeSilentCorrection(960)));
        track.Learn(960 + 98);
        Assert.Equal(98, Enumerable.Range(0, 200).Sum(_ => track.Placement.TakeSlip(960)));
        track.Learn(960);
        Assert.Equal(-98, Enumerable.Range(0, 200).Sum(_ => track.Placement.TakeSlip(960)));
    }

    [Fact]
    public void Silent_frame_carries_the_correction_and_holds_nothing_else()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        track.Write(960);
        track.Placement.Settle();
        track.Learn(-300);
        Assert.Equal(960 - 300, Add([0xF8, 0xFF, 0xFE]));
        track.Learn(180);
        Array.Fill(track.Context.Scratch, (short)99);
        Assert.Equal(960 + 480, Add([0xF8, 0xFF, 0xFE]));
        track.Placement.Close(padding: 0, arrival: 0);
        Assert.All(CaptureRun.Read(track.Closed[0]), value => Assert.Equal(0, value));

        long Add(byte[] opus)
        {
            long before = track.Placement.Position;
            Assert.True(track.Sound.TryAdd(opus, arrival: 0, out HeardFrame heard));
            Assert.Equal((960, true, false), (heard.Samples, heard.IsSilent, heard.IsAudible));
            return track.Placement.Position - before;
        }
    }

    [Theory]
    [InlineData(SegmentFormat.Wav, 500, 1)]
    [InlineData(SegmentFormat.Wav, -500, -1)]
    [InlineData(SegmentFormat.Opus, 500, 1)]
    [InlineData(SegmentFormat.Opus, -500, -1)]
    internal void Frame_of_talk_carries_one_sample_and_is_counted(SegmentFormat format, long delay, int expected)
    {
        using TrackParts track = new(Packets with { Format = format });
        track.Begin(10_000);
        Assert.True(track.Sound.TryAdd(TrackParts.Loud, arrival: 0, out HeardFrame _));
        track.Placement.Settle();
        track.Learn(delay);
        Assert.True(track.Sound.TryAdd(TrackParts.Loud, arrival: 0, out HeardFrame heard));
        Assert.Equal((960, 10_000L + 1_920 + expected, 1L), (heard.Samples, track.Placement.Position, track.Counters.Slipped));
        long before = track.Placement.Position;
        Assert.True(track.Sound.TryAdd([0xF8, 0xFF, 0xFE], arrival: 0, out heard));
        Assert.Equal((960 + (480 * expected), 1L), (track.Placement.Position - before, track.Counters.Slipped));
    }

    [Fact]
    public void Shortest_frame_can_carry_a_sample()
    {
        using TrackParts track = new(Short);
        track.Begin(10_000);
        Assert.True(track.Sound.TryAdd(TrackParts.Loud, arrival: 0, out HeardFrame _));
        track.Placement.Settle();
        track.Learn(500);
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(0, track.Counters.Slipped);
            Assert.True(track.Sound.TryAdd([0x80, 1, 2, 3], arrival: 0, out HeardFrame heard)); // 2.5 ms
            Assert.Equal(120, heard.Samples);
        }
        Assert.Equal(1, track.Counters.Slipped);
    }
}
