namespace Pipeline.Contracts.Tests;

public sealed class MissingStretchesTests
{
    [Fact]
    public void Without_segments_all_is_missing() => Assert.Equal([(10L, 20L)], MissingStretches.Of(10, 20, []));

    [Fact]
    public void Empty_stretch_has_nothing_missing() => Assert.Empty(MissingStretches.Of(10, 10, [(0, 0, 10)]));

    [Fact]
    public void Silence_between_consecutive_segments_is_not_missing() =>
        Assert.Equal([(50L, 60L)], MissingStretches.Of(10, 60, [(0, 0, 10), (1, 15, 15), (2, 40, 10)]));

    [Fact]
    public void Nothing_is_missing_before_the_first_index_and_where_no_time_is_left_for_it()
    {
        Assert.Empty(MissingStretches.Of(0, 20, [(0, 5, 15)]));
        Assert.Empty(MissingStretches.Of(0, 20, [(0, 0, 10), (2, 10, 10)]));
    }

    [Fact]
    public void Segment_that_is_not_there_is_missing_between_its_neighbours() =>
        Assert.Equal([(30L, 40L)], MissingStretches.Of(10, 50, [(2, 40, 10), (0, 0, 30)]));

    [Fact]
    public void Stretch_that_begins_inside_a_segment_is_missing_from_its_end_on() =>
        Assert.Equal([(30L, 90L)], MissingStretches.Of(20, 90, [(0, 10, 20)]));

    [Fact]
    public void Last_moment_of_a_track_belongs_to_the_gap_of_all()
    {
        RecordingGap moment = new() { UserId = 1, StartSample = 90, SampleCount = 10, Reason = RecordingGap.Takeover };
        RecordingGap longer = new() { UserId = 2, StartSample = -99_900, SampleCount = 100_000, Reason = RecordingGap.Takeover };
        RecordingGap all = new() { StartSample = 100, SampleCount = 50, Reason = RecordingGap.Takeover };
        Assert.Equal([longer, all with { StartSample = 90, SampleCount = 60 }], MissingStretches.JoinTails([moment, longer, all]));
    }

    [Fact]
    public void Segments_behind_the_stretch_say_nothing_about_it() =>
        Assert.Equal([(10L, 20L)], MissingStretches.Of(10, 20, [(0, 20, 10)]));

    [Theory]
    [InlineData(47_999, true)]
    [InlineData(48_000, false)]
    public void Tail_of_a_second_stands_by_itself(long samples, bool isJoined)
    {
        RecordingGap tail = new() { UserId = 1, StartSample = 100_000 - samples, SampleCount = samples, Reason = "crash" };
        RecordingGap all = new() { StartSample = 100_000, SampleCount = 50, Reason = "crash" };
        Assert.Equal(isJoined ? [all with { StartSample = tail.StartSample, SampleCount = samples + 50 }] : [tail, all],
            MissingStretches.JoinTails([tail, all]));
    }
}
