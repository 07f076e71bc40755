using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>Where a run of talk begins, what decides about its offset, and how the least delay is learnt, to the sample.</summary>
public sealed class TimelineRuleTests
{
    private const double Window = 2880;

    private readonly Timeline timeline = new();
    private long sequence;
    private double arrival;
    private long timestamp;

    [Fact]
    public void New_source_is_gathered_for_a_window_and_takes_the_least_delay()
    {
        timeline.BeginEpoch(0, 0);
        Assert.Equal((TimelineState.GatheringAnchor, true), (timeline.State, timeline.IsGathering));
        foreach (int delay in (int[])[100, 40, 70]) Observe(960, delay);
        Assert.False(timeline.HasGathered(Window - 1, Window));
        Assert.True(timeline.HasGathered(Window, Window));
        timeline.Decide(overflowed: false);
        Assert.Equal((TimelineState.Anchored, false), (timeline.State, timeline.IsGathering));
        Assert.True(timeline.HasDecisionFor(long.MinValue));
        timeline.TakeDecision();
        Assert.False(timeline.HasDecisionFor(long.MaxValue));
        Assert.Equal(0, timeline.Wanted); // the first packet's own
    }

    [Fact]
    public void Timestamps_go_on_where_they_wrap()
    {
        timeline.BeginEpoch(uint.MaxValue - 295, 0);
        Assert.Equal((long)uint.MaxValue + 101, timeline.Unwrap(100));
        Assert.Equal((long)uint.MaxValue - 1000, timeline.Unwrap(uint.MaxValue - 1000));
    }

    [Theory]
    [InlineData(7200, false)] // 150 ms
    [InlineData(7201, true)]
    public void Run_begins_behind_a_pause(int pause, bool begins)
    {
        Follow();
        Observe(pause, delay: 0);
        Assert.Equal(begins ? TimelineState.Gathering : TimelineState.Following, timeline.State);
    }

    [Theory]
    [InlineData(-14_400, false)] // 300 ms earlier
    [InlineData(-14_401, true)]
    [InlineData(48_000, false)] // a second later, without a pause
    [InlineData(48_001, true)]
    public void Clock_that_steps_begins_a_run_of_its_own(int delay, bool begins)
    {
        Follow();
        Observe(960, delay);
        Assert.Equal(begins ? TimelineState.GatheringAnchor : TimelineState.Following, timeline.State);
    }

    [Fact]
    public void Packet_that_is_late_behind_a_pause_is_a_stall_and_no_step()
    {
        Follow();
        Observe(60_000, delay: 48_001);
        Assert.Equal(TimelineState.Gathering, timeline.State);
    }

    [Theory]
    [InlineData(12_000, false)] // 250 ms are jitter
    [InlineData(12_001, true)]
    public void Who_is_later_than_jitter_for_more_than_a_second_has_another_clock(int delay, bool begins)
    {
        Follow();
        for (int i = 0; i < 60; i++) Observe(960, delay);
        Assert.Equal(begins, timeline.State == TimelineState.GatheringAnchor);
    }

    [Fact]
    public void Second_of_late_packets_is_borne()
    {
        Follow();
        for (int i = 0; i < 50; i++) Observe(960, delay: 20_000); // 48,000 samples behind the last good one
        Assert.Equal(TimelineState.Following, timeline.State);
        Observe(960, delay: 20_000);
        Assert.Equal(TimelineState.GatheringAnchor, timeline.State);
    }

    [Theory]
    [InlineData(true, true, 2401, TimelineState.Gathering)] // the clock ran for more than half of the time
    [InlineData(true, true, 2400, TimelineState.GatheringAnchor)]
    [InlineData(true, false, 4800, TimelineState.Following)]
    [InlineData(false, true, 4800, TimelineState.Following)]
    internal void Run_begins_behind_a_silence_marker(bool afterMarker, bool beginsTalk, int timestamps, TimelineState expected)
    {
        Follow();
        Packet packet = new() { Sequence = ++sequence, Arrival = arrival + 4800, Timestamp = timestamp + timestamps };
        timeline.Observe(in packet, beginsTalk, afterMarker);
        Assert.Equal(expected, timeline.State);
    }

    // 240,000 samples without a packet: a slow clock may be 144 behind by then.
    [Theory]
    [InlineData(144 + 12_000, false, TimelineState.Kept)]
    [InlineData(144 + 12_001, false, TimelineState.Reanchored)]
    [InlineData(144 - 4800, false, TimelineState.Kept)] // 100 ms earlier than possible
    [InlineData(144 - 4801, false, TimelineState.Reanchored)]
    [InlineData(144 + 12_001, true, TimelineState.Kept)] // more than fits, faster than anybody speaks
    internal void Offset_goes_on_where_jitter_or_a_stall_explains_what_came(int delay, bool overflowed, TimelineState expected)
    {
        Follow();
        Observe(240_000, delay);
        Assert.Equal(TimelineState.Gathering, timeline.State);
        bool isClear = expected == TimelineState.Kept && !overflowed;
        Assert.Equal(isClear, timeline.HasGathered(arrival + Window, Window));
        Assert.Equal(isClear, timeline.HasGathered(arrival + Timeline.LongestGathering(Window) - 1, Window));
        Assert.True(timeline.HasGathered(arrival + Timeline.LongestGathering(Window), Window));
        long begun = sequence;
        timeline.Decide(overflowed);
        Assert.Equal(expected, timeline.State);
        Assert.Equal((false, true), (timeline.HasDecisionFor(begun - 1), timeline.HasDecisionFor(begun)));
        timeline.TakeDecision();
        Assert.Equal(expected == TimelineState.Reanchored ? delay : Math.Min(delay, 144), timeline.Wanted, 6);
    }

    [Theory]
    [InlineData(2880, TimelineState.Kept)] // three frames at once: a stall has broken
    [InlineData(2879, TimelineState.Reanchored)]
    internal void Burst_is_a_stall_and_no_new_clock(int depth, TimelineState expected)
    {
        Follow();
        Observe(240_000, delay: 20_000 + depth);
        Observe(960, delay: 20_000);
        timeline.Decide(overflowed: false);
        Assert.Equal(expected, timeline.State);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(-1_000_000)]
    public void Rules_are_the_same_at_any_offset(int offset)
    {
        arrival = 2_000_000;
        timeline.BeginEpoch((uint)(2_000_000 - offset), arrival);
        for (int i = 0; i < 4; i++) Observe(960, offset);
        timeline.Decide(overflowed: false);
        timeline.TakeDecision();
        Assert.Equal(((double)offset, 96d), (timeline.Wanted, timeline.Tolerance));

        for (int i = 0; i < 60; i++) Observe(960, offset);
        Observe(960, offset + 20_000); // one that is late among those that are not
        Assert.Equal(TimelineState.Following, timeline.State);

        Observe(240_000, offset - 30_000);
        timeline.Decide(overflowed: false);
        Assert.Equal((TimelineState.Reanchored, (double)offset), (timeline.State, timeline.Wanted));
        timeline.TakeDecision();
        Assert.Equal((offset - 30_000d, 96d), (timeline.Wanted, timeline.Tolerance));

        for (int i = 0; i < 60; i++) Observe(960, offset - 10_000); // and all of them for more than a second
        Assert.Equal(TimelineState.GatheringAnchor, timeline.State);
    }

    [Fact]
    public void One_packet_alone_shows_no_jitter()
    {
        timeline.BeginEpoch(20_000, 0);
        Packet alone = new() { Sequence = 1, Arrival = 0, Timestamp = 20_000 };
        timeline.Observe(in alone, beginsTalk: true, afterMarker: false);
        timeline.Decide(overflowed: false);
        timeline.TakeDecision();
        Assert.Equal((-20_000d, 96d), (timeline.Wanted, timeline.Tolerance));
    }

    [Fact]
    public void Until_a_decision_is_taken_the_old_offset_is_wanted()
    {
        Follow();
        Observe(240_000, delay: 30_000);
        timeline.Decide(overflowed: false);
        Assert.Equal((TimelineState.Reanchored, 0d), (timeline.State, timeline.Wanted));
        timeline.TakeDecision();
        Assert.Equal(30_000, timeline.Wanted);
        Packet alone = new() { Sequence = 1, Arrival = 500_000, Timestamp = 400_000 };
        timeline.Reanchor(in alone);
        Assert.Equal((TimelineState.Following, 100_000d), (timeline.State, timeline.Wanted));
    }

    [Theory]
    [InlineData(480, TimelineState.Kept)] // 10 ms at least
    [InlineData(481, TimelineState.Reanchored)]
    internal void Clock_that_may_have_stood_still_is_kept_within_its_jitter_alone(int delay, TimelineState expected)
    {
        Follow();
        // The same arrival as the last: no time has passed in which a clock could have run slow.
        Packet packet = new() { Sequence = ++sequence, Arrival = arrival, Timestamp = timestamp - delay };
        timeline.Observe(in packet, beginsTalk: true, afterMarker: true);
        Assert.Equal(TimelineState.GatheringAnchor, timeline.State);
        timeline.Decide(overflowed: true); // which explains nothing here
        Assert.Equal(expected, timeline.State);
    }

    [Theory]
    [InlineData(1000, 19_200)] // four windows are less than what a held head may take
    [InlineData(4800, 19_200)]
    [InlineData(4801, 19_204)]
    public void Doubt_is_borne_for_four_windows_and_for_400_ms_at_least(double window, double expected) =>
        Assert.Equal(expected, Timeline.LongestGathering(window));

    [Theory]
    [InlineData(0, 96)]
    [InlineData(1920, 96)]
    [InlineData(3200, 160)]
    [InlineData(4800, 240)]
    [InlineData(12_000, 240)]
    public void Tolerance_is_2_to_5_ms_by_the_spread(int spread, double expected)
    {
        timeline.BeginEpoch(0, 0);
        Observe(0, 0);
        Observe(960, 2 * spread);
        timeline.Decide(overflowed: false); // the mean of the two lies so far above the least
        Assert.Equal(expected, timeline.Tolerance, 6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_000)]
    public void Least_delay_falls_at_once_and_rises_by_a_thousandth_when_three_stretches_lie_higher(int begun)
    {
        LowerEnvelope envelope = default;
        envelope.Reset(0, begun, spread: 0);
        Assert.Equal(144, envelope.DelayAt(begun + 240_000), 6);
        List<double> floors = [];
        for (int after = 960; after <= 6 * 96_000; after += 960)
        {
            envelope.Observe(1000, begun + after);
            if (after % 96_000 == 0) floors.Add(envelope.Delay);
        }
        Assert.Equal([0, 0, 96, 192, 288, 384], floors);
        int last = begun + (6 * 96_000) + 960;
        envelope.Observe(-7, last);
        Assert.Equal(-7, envelope.Delay);
        Assert.Equal(-7 + 144, envelope.DelayAt(last + 240_000), 6);
        Assert.Equal(-7, envelope.DelayAt(0)); // before what is known
    }

    [Fact]
    public void Least_delay_rises_no_higher_than_the_earliest_of_the_last_stretches()
    {
        LowerEnvelope envelope = default;
        envelope.Reset(0, 0, spread: 0);
        for (int at = 960; at <= 5 * 96_000; at += 960) envelope.Observe(at == 2 * 96_000 ? 50 : 1000, at);
        Assert.Equal(146, envelope.Delay); // 50, while that stretch counts, and then 96 more
    }

    [Fact]
    public void Spread_is_a_mean_over_32_packets_of_at_most_a_quarter_second_each()
    {
        LowerEnvelope envelope = default;
        envelope.Reset(0, 0, spread: 0);
        envelope.Observe(3200, 960);
        Assert.Equal(100, envelope.Spread);
        LowerEnvelope higher = default;
        higher.Reset(1000, 0, spread: 0);
        higher.Observe(4200, 960); // as much above its own least
        Assert.Equal(100, higher.Spread);
        envelope.Observe(20_000, 1920);
        Assert.Equal(100 + (11_900 / 32.0), envelope.Spread);
        envelope.Reset(0, 2000, spread: 50);
        Assert.True(envelope.Spread > 400); // what was known of jitter is not forgotten
        envelope.Reset(0, 2000, spread: 50_000);
        Assert.Equal(12_000, envelope.Spread);
    }

    /// <summary>A source that is known, without jitter, at offset 0.</summary>
    private void Follow()
    {
        timeline.BeginEpoch(0, 0);
        for (int i = 0; i < 4; i++) Observe(960, delay: 0);
        timeline.Decide(overflowed: false);
        timeline.TakeDecision();
        Observe(960, delay: 0);
    }

    /// <summary>A packet so long after the last one, so much later than it was said.</summary>
    private void Observe(int after, int delay)
    {
        arrival += after;
        timestamp = (long)arrival - delay;
        Packet packet = new() { Sequence = ++sequence, Arrival = arrival, Timestamp = timestamp };
        timeline.Observe(in packet, beginsTalk: true, afterMarker: false);
    }
}
