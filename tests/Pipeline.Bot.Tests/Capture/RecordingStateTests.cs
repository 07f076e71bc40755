using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Tests.Spool;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>A recording before its first tick, at its end, and behind it.</summary>
public sealed class RecordingStateTests
{
    private const int Second = 48_000;

    [Fact]
    public void Recording_that_is_continued_stands_where_the_clock_says_before_its_first_tick()
    {
        using TempFolder spool = new();
        FakeTimeProvider time = new();
        long begun = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(5));
        string folder = spool.Combine("recording");
        using Recording recording = new(SpoolSession.Info, new CaptureOptions { Channels = 1 }, folder, time, begun,
            new Dictionary<ulong, int>(), new Consent([]));
        Assert.Equal((5L * Second, true), (recording.SampleCount, Directory.Exists(folder)));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5L * Second, recording.Snapshot.SampleCount);
        recording.Tick();
        Assert.Equal(6L * Second, recording.Snapshot.SampleCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_taken_behind_the_end(bool isStopped)
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000);
        if (isStopped) run.Stop();
        else run.Recording.Dispose();
        int closed = run.Closed.Count;
        string[] files = Directory.GetFiles(run.Folder, "*", SearchOption.AllDirectories);
        long position = run.Recording.SampleCount;
        ada.Say(1000);
        run.Recording.Tick();
        run.Recording.Stop();
        Assert.Equal((closed, position), (run.Closed.Count, run.Recording.SampleCount));
        Assert.Equal(files, Directory.GetFiles(run.Folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Pause_and_gap_that_run_at_the_end_end_with_it()
    {
        using CaptureRun run = new();
        run.AdvanceTo(600);
        run.Post(new RecordingAction.Pause(9));
        run.Post(new RecordingAction.UnencryptedStarted());
        run.Post(new RecordingAction.GapStarted("reconnect", TimeSpan.FromMilliseconds(100)));
        run.AdvanceTo(1200);
        Assert.True(run.Recording.Snapshot.Paused);
        run.Stop();
        RecordingSnapshot last = run.Recording.Snapshot;
        Assert.False(last.Paused);
        Assert.Equal([("paused", 600 * 48L, 900 * 48L), ("reconnect", 500 * 48L, 1000 * 48L)],
            last.Gaps.Select(gap => (gap.Reason, gap.StartSample, gap.SampleCount)).Order());
        Assert.Equal((600 * 48L, 900 * 48L), (Assert.Single(last.Unencrypted).StartSample, last.Unencrypted[0].SampleCount));
    }

    [Fact]
    public void Who_leaves_closes_their_segment_and_no_others()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(400);
        using Talker grace = new(run, CaptureRun.Grace, ssrc: 2);
        grace.Say(400);
        Assert.NotNull(run.Track().OpenSince);
        run.Recording.UserLeft(CaptureRun.Ada);
        run.AdvanceTo(run.Now + 60);
        Assert.Equal(CaptureRun.Ada, Assert.Single(run.Closed).Key.UserId);
        Assert.NotNull(run.Track(CaptureRun.Grace).OpenSince);
    }

    [Fact]
    public void What_was_missing_of_somebody_who_wants_out_is_forgotten_with_the_open_segment()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000).Undecryptable(20);
        run.AdvanceTo(run.Now + 200);
        Assert.Equal("undecryptable", Assert.Single(run.Recording.Snapshot.Gaps).Reason);
        Assert.True(run.Recording.Consent.OptOut(CaptureRun.Ada));
        run.AdvanceTo(run.Now + 60);
        Assert.Empty(run.Recording.Snapshot.Gaps);
        Assert.True(run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp()));
        ada.Pause(5000).Say(1000);
        run.Stop();
        Assert.Empty(run.Recording.Snapshot.Gaps);
        Assert.Single(run.Closed);
    }

    [Theory]
    [InlineData(600, false, 90, -90)] // a pause takes the whole difference to the clock that was learnt in it
    [InlineData(600, true, 90, 0)] // talk that was lost goes on where it was
    [InlineData(100, false, 0, 0)] // what can still be moved as a whole follows the clock
    [InlineData(100, true, 0, 0)]
    public void Clock_is_put_right_in_a_pause_and_not_within_talk(int before, bool isLost, int late, int expected)
    {
        const int After = 50, Pause = 15; // frames
        using CaptureRun run = new();
        using OpusEncoder encoder = new(bitrate: 96_000);
        short[] loud = [.. Enumerable.Range(0, 960).Select(i => (short)(10_000 * Math.Sin(i / 8.0)))];
        for (int frame = 0; frame < before + After; frame++)
        {
            bool isBehind = frame >= before;
            int at = frame + (isBehind ? Pause : 0), sequence = isLost ? at : frame;
            run.AdvanceTo(1000 + (20 * at) + (isBehind ? 0 : 1.875)); // 90 samples later than those behind
            run.Receive(CaptureRun.Ada, 7, (ushort)sequence, (uint)(at * 960), encoder.Encode(loud));
        }
        run.Stop();
        Assert.Equal((Second + late, ((before + Pause + After) * 960) + expected),
            (run.Closed[0].StartSample, run.Closed.Sum(segment => segment.SampleCount)));
    }
}
