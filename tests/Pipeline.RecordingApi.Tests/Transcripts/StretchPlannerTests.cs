using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Transcripts;
using Stretch = Pipeline.RecordingApi.Transcripts.Stretch;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>Where talk is cut, to the sample.</summary>
public sealed class StretchPlannerTests
{
    private const long Second = 48_000;

    private readonly List<(long From, long To)> asked = [];

    [Fact]
    public async Task Talk_of_a_minute_is_one_stretch_and_a_sample_more_is_cut_where_it_is_quiet()
    {
        Assert.Equal([[new SampleStretch(0, 60 * Second)]], await PlanAsync([(0, 60 * Second)], isClosed: true));
        Assert.Empty(asked);

        Assert.Equal([[new SampleStretch(0, 31 * Second)], [new SampleStretch(31 * Second, (29 * Second) + 1)]],
            await PlanAsync([(0, (60 * Second) + 1)], isClosed: true));
        Assert.Equal([(30 * Second, 60 * Second)], asked);
    }

    [Fact]
    public async Task Long_talk_is_cut_again_and_again()
    {
        Assert.Equal([new SampleStretch(10 * Second, 31 * Second), new SampleStretch(41 * Second, 31 * Second),
            new SampleStretch(72 * Second, 31 * Second), new SampleStretch(103 * Second, 57 * Second)],
            (await PlanAsync([(10 * Second, 150 * Second)], isClosed: true)).Select(pieces => Assert.Single(pieces)));
        Assert.Equal([(40 * Second, 70 * Second), (71 * Second, 101 * Second), (102 * Second, 132 * Second)], asked);
    }

    [Fact]
    public async Task While_the_call_goes_on_45_seconds_are_enough_to_be_cut()
    {
        Assert.Empty(await PlanAsync([(0, (45 * Second) - 1)], isClosed: false));
        Assert.Empty(asked);
        Assert.Equal([[new SampleStretch(0, 31 * Second)]], await PlanAsync([(0, 45 * Second)], isClosed: false));
        Assert.Equal([(30 * Second, 45 * Second)], asked);
        Assert.Empty(await PlanAsync([], isClosed: false));
        Assert.Empty(await PlanAsync([], isClosed: true));
    }

    [Fact]
    public async Task Pause_of_half_a_second_ends_a_stretch_that_would_be_too_long()
    {
        Assert.Equal([[new SampleStretch(0, 40 * Second)], [new SampleStretch((40 * Second) + 24_000, 20 * Second)]],
            await PlanAsync([(0, 40 * Second), ((40 * Second) + 24_000, 20 * Second)], isClosed: true));
        Assert.Empty(asked);
        Assert.Equal(
            [
                [new SampleStretch(0, 31 * Second)],
                [new SampleStretch(31 * Second, 9 * Second), new SampleStretch((40 * Second) + 23_999, 20 * Second)],
            ], await PlanAsync([(0, 40 * Second), ((40 * Second) + 23_999, 20 * Second)], isClosed: true));
        Assert.Single(asked);
    }

    [Fact]
    public async Task Pauses_within_a_minute_do_not_matter()
    {
        Assert.Equal([[new SampleStretch(0, 30 * Second), new SampleStretch(40 * Second, 20 * Second)]],
            await PlanAsync([(0, 30 * Second), (40 * Second, 20 * Second)], isClosed: true));
        Assert.Empty(asked);
    }

    [Fact]
    public async Task What_has_a_stretch_gets_no_second_one_and_what_is_shorter_than_a_word_gets_none()
    {
        (long, long)[] segments = [(0, 10 * Second), (10 * Second, 10 * Second), (20 * Second, 10 * Second)];
        Assert.Equal([[new SampleStretch(0, 5 * Second), new SampleStretch(15 * Second, 15 * Second)]],
            await PlanAsync(segments, isClosed: true, new SampleStretch(5 * Second, 10 * Second)));
        Assert.Empty(await PlanAsync(segments, isClosed: true, new SampleStretch(0, 15 * Second),
            new SampleStretch(15 * Second, 15 * Second)));
        Assert.Empty(await PlanAsync([(7 * Second, 4_799)], isClosed: true));
        Assert.Equal([[new SampleStretch(7 * Second, 4_800)]], await PlanAsync([(7 * Second, 4_800)], isClosed: true));
        Assert.True(StretchPlanner.IsOpen(Track([(0, 4_800)]), []));
        Assert.False(StretchPlanner.IsOpen(Track([(0, 4_800)]), [Of(new SampleStretch(0, 4_800))]));
    }

    [Fact]
    public async Task Segments_that_lie_over_one_another_are_sent_once()
    {
        Assert.Equal([[new SampleStretch(0, 14 * Second)]], await PlanAsync(
            [(0, 10 * Second), (2 * Second, 3 * Second), (9 * Second, 5 * Second)], isClosed: true));
    }

    [Fact]
    public async Task Segment_that_ends_at_a_cut_belongs_to_what_is_before_it_alone()
    {
        StretchPlanner planner = new(Quietest);
        IReadOnlyList<Stretch> made = await planner.PlanAsync(Track([(0, 31 * Second), (31 * Second, 40 * Second)]), [], isClosed: true);
        Assert.Equal([[0], [1]], made.Select(stretch => stretch.Segments.Select(segment => segment.Index)));
        Assert.Equal([new StretchSegment(0, 0, 31 * Second)], made[0].Segments);
        Assert.Equal((31 * Second, 71 * Second, 40 * Second), (made[1].Start, made[1].End, made[1].Samples));
    }

    // A second behind the earliest place.
    private Task<long> Quietest(long from, long to)
    {
        asked.Add((from, to));
        return Task.FromResult(from + Second);
    }

    private async Task<IEnumerable<IReadOnlyList<SampleStretch>>> PlanAsync((long Start, long Count)[] segments, bool isClosed,
        params SampleStretch[] covered)
    {
        asked.Clear();
        StretchPlanner planner = new(Quietest);
        return (await planner.PlanAsync(Track(segments), covered.Select(Of), isClosed)).Select(stretch => stretch.Pieces);
    }

    private static Stretch Of(SampleStretch piece) => new() { UserId = 1, Username = "Ada", Pieces = [piece], Segments = [] };

    private static RenderTrack Track((long Start, long Count)[] segments) => new()
    {
        UserId = 1,
        Username = "Ada",
        Number = 1,
        Channels = 1,
        Segments = [.. segments.Select((segment, index) =>
            new RenderSegment(index, segment.Start, segment.Count, 1, 0, new Uri($"http://nowhere/{index}.wav")))],
    };
}
