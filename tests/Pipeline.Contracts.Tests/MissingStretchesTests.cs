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
    public void Segment_that_is_not_there_is_missing_between_its_neighbours() =>
        Assert.Equal([(30L, 40L)], MissingStretches.Of(10, 50, [(2, 40, 10), (0, 0, 30)]));

    [Fact]
    public void Stretch_that_begins_inside_a_segment_is_missing_from_its_end_on() =>
        Assert.Equal([(30L, 90L)], MissingStretches.Of(20, 90, [(0, 10, 20)]));

    [Fact]
    public void Segments_behind_the_stretch_say_nothing_about_it() =>
        Assert.Equal([(10L, 20L)], MissingStretches.Of(10, 20, [(0, 20, 10)]));
}
