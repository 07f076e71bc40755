using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>Limits of what a recording lists beside its tracks.</summary>
public sealed class StretchLogTests
{
    [Fact]
    public void Stretches_are_listed_and_the_running_one_up_to_now()
    {
        StretchLog log = new();
        log.Begin(10);
        log.Begin(20); // it runs already
        Assert.Equal([new SampleStretch(10, 5)], log.Read(15));
        log.End(30);
        log.End(40); // it has ended already
        log.Begin(50);
        log.End(50); // nothing lies in it
        log.Begin(60);
        Assert.Equal([new SampleStretch(10, 20), new SampleStretch(60, 10)], log.Read(70));
        Assert.Equal([new SampleStretch(10, 20)], log.Read(60));
    }

    [Fact]
    public void Beyond_a_thousand_the_last_one_grows_so_that_nothing_goes_unmarked()
    {
        StretchLog log = new();
        for (int i = 0; i < 1500; i++)
        {
            log.Begin(i * 100);
            log.End((i * 100) + 10);
        }
        IReadOnlyList<SampleStretch> all = log.Read(1_000_000);
        Assert.Equal(1000, all.Count);
        Assert.Equal(new SampleStretch(99_900, 149_910 - 99_900), all[^1]);
        Assert.Equal(new SampleStretch(99_800, 10), all[^2]);
    }

    [Fact]
    public void Speaker_without_a_track_has_a_gap_for_each_stretch()
    {
        GapLog gaps = new();
        TracklessSpeakers speakers = new(gaps);
        foreach (long at in (long[])[0, 960, 1920, 48_000 + 2880]) speakers.Note(7, at);
        Assert.Equal((0L, 48_000 + 3840L), Of(Assert.Single(speakers.Running)));
        speakers.Note(7, 200_000);
        Assert.Equal((0L, 48_000 + 3840L), Of(Assert.Single(gaps.Gaps)));
        speakers.Flush(200_960); // what ends there may go on
        Assert.Single(gaps.Gaps);
        speakers.Flush(200_961);
        Assert.Equal((200_000L, 960L), Of(gaps.Gaps[1]));
        Assert.Empty(speakers.Running);
    }

    [Fact]
    public void A_thousand_speakers_without_a_track_are_named_and_no_more()
    {
        TracklessSpeakers speakers = new(new GapLog());
        for (ulong user = 1; user <= 1001; user++) speakers.Note(user, 0);
        Assert.Equal((1000, 1000), (speakers.Count, speakers.Running.Count()));
        speakers.Note(1, 960);
        Assert.Equal(1920, speakers.Running.Single(gap => gap.UserId == 1).SampleCount);
    }

    private static (long Start, long Samples) Of(RecordingGap gap) => (gap.StartSample, gap.SampleCount);
}
