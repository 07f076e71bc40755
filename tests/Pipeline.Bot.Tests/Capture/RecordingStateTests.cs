using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
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
        Assert.Equal([("reconnect", 500 * 48L, 1000 * 48L), ("paused", 600 * 48L, 900 * 48L)], // as they ended
            last.Gaps.Select(gap => (gap.Reason, gap.StartSample, gap.SampleCount)));
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

    [Fact]
    public void Listeners_are_not_shown_and_who_wants_out_is_shown_once()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        run.Recording.Introduce(CaptureRun.Ada, "Ada", isBot: false);
        run.Recording.Introduce(CaptureRun.Grace, "Grace", isBot: false);
        ada.Say(200);
        Assert.Equal(["Ada"], run.Recording.Snapshot.Tracks.Select(track => track.Username));
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        run.AdvanceTo(run.Now + 60);
        Assert.Equal([("Ada", true, false)],
            run.Recording.Snapshot.Tracks.Select(track => (track.Username, track.OptedOut, track.Speaking)));
    }

    [Fact]
    public void Bot_that_was_taken_for_a_person_is_shown_with_what_was_kept_of_it()
    {
        using CaptureRun run = new(new CaptureOptions { Channels = 1, MaximumSegmentDuration = TimeSpan.FromSeconds(1) });
        using Talker ada = new(run), grace = new(run, CaptureRun.Grace, ssrc: 2);
        ada.Say(1500);
        grace.Say(200);
        foreach (ulong user in (ulong[])[CaptureRun.Ada, CaptureRun.Grace]) run.Recording.Introduce(user, $"{user}", isBot: true);
        run.AdvanceTo(run.Now + 60);
        Assert.Equal((CaptureRun.Ada, true, 48_000L), (Assert.Single(run.Recording.Snapshot.Tracks).UserId, run.Track().IsBot,
            run.Track().SampleCount));
    }

    [Fact]
    public void Bot_that_is_wanted_keeps_what_it_said_before_it_was_known()
    {
        using CaptureRun run = new(new CaptureOptions { Channels = 1, IncludeBots = true });
        using Talker bot = new(run);
        bot.Say(1000);
        run.Recording.Introduce(CaptureRun.Ada, "Jukebox", isBot: true);
        bot.Say(1000);
        run.Stop();
        Assert.Equal(2000 * 48, Assert.Single(run.Closed).SampleCount);
    }

    [Fact]
    public void Padding_of_who_is_off_the_record_is_no_word_that_was_withheld()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(200);
        run.Post(new RecordingAction.Pause(9));
        Pad();
        run.Post(new RecordingAction.Resume(9));
        run.AdvanceTo(run.Now + 60);
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        Pad();
        Assert.Equal((0L, 0L, 10L, 1L), (run.Track().Health.Withheld, run.Track().Health.Empty, run.Track().Health.Received,
            run.Recording.Snapshot.Refused));

        void Pad()
        {
            run.Receive(CaptureRun.Ada, ada.Ssrc, ada.Sequence, ada.Timestamp, [], AudioFrameKind.Empty);
            run.AdvanceTo(run.Now + 60);
        }
    }

    [Fact]
    public void Gap_that_follows_a_gap_ends_the_one_before_and_what_is_open()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(600);
        run.Post(new RecordingAction.GapStarted("reconnect"));
        run.AdvanceTo(660);
        Assert.Single(run.Closed);
        run.AdvanceTo(1200);
        run.Post(new RecordingAction.GapStarted("moved"));
        run.AdvanceTo(1800);
        run.Post(new RecordingAction.GapEnded());
        run.AdvanceTo(2400);
        Assert.Equal([("moved", 1200 * 48L, 600 * 48L), ("reconnect", 600 * 48L, 600 * 48L)],
            run.Recording.Snapshot.Gaps.Select(gap => (gap.Reason, gap.StartSample, gap.SampleCount)).Order());
    }

    [Fact]
    public void Word_before_a_pause_ends_with_it_and_both_begin_at_their_sample()
    {
        using CaptureRun run = new();
        Assert.Equal(NoteOutcome.Taken, run.Recording.AddNote(9, "begun"));
        run.Post(new RecordingAction.GapStarted("reconnect", TimeSpan.FromSeconds(1))); // before there was a recording
        run.Post(new RecordingAction.GapEnded());
        run.AdvanceTo(60);
        Assert.Equal(0, Assert.Single(run.Recording.Snapshot.Notes).Sample);
        Assert.Empty(run.Recording.Snapshot.Gaps);
        using Talker ada = new(run);
        ada.Say(120);
        run.AdvanceTo(600);
        run.Post(new RecordingAction.Pause(9));
        run.Recording.Tick();
        Assert.Equal(120 * 48, Assert.Single(run.Closed).SampleCount);
        Assert.Equal((600 * 48L, 0L), (Assert.Single(run.Recording.Snapshot.Gaps).StartSample, run.Recording.Snapshot.Gaps[0].SampleCount));
    }

    [Fact]
    public void Who_wants_out_while_the_last_segments_close_is_heeded()
    {
        using CaptureRun run = new();
        using Talker ada = new(run), grace = new(run, CaptureRun.Grace, ssrc: 2);
        grace.Say(1000);
        ada.Say(1000).Pause(3000).Say(400);
        run.Recording.SegmentClosed = segment =>
        {
            run.Closed.Add(segment);
            if (segment.Key.UserId == CaptureRun.Grace) run.Recording.Consent.OptOut(CaptureRun.Ada);
        };
        run.Time.Advance(TimeSpan.FromMilliseconds(200)); // no tick came since, and the next one is the last
        run.Recording.UserLeft(CaptureRun.Grace);
        run.Recording.Stop();
        Assert.Contains(run.Closed, segment => segment.Key.UserId == CaptureRun.Grace);
        Assert.Equal(1000 * 48, Assert.Single(run.Closed, segment => segment.Key.UserId == CaptureRun.Ada).SampleCount);
    }

    [Fact]
    public void Refusal_of_a_speaker_whom_an_earlier_owner_knew_is_told_once()
    {
        List<(ulong, int)> told = [];
        using CaptureRun run = new(firstIndexes: new Dictionary<ulong, int> { [CaptureRun.Ada] = 4 });
        run.Recording.Refused = (user, index) => told.Add((user, index));
        using Talker ada = new(run);
        ada.Say(400);
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        run.AdvanceTo(run.Now + 120);
        Assert.Equal([(CaptureRun.Ada, 5)], told);
    }

    [Fact]
    public void Recording_that_is_closed_holds_no_file()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(400);
        Assert.NotEmpty(OpenHandles.Below(run.Folder));
        run.Recording.Dispose();
        Assert.Empty(OpenHandles.Below(run.Folder));
    }

    [Fact]
    public void Limits_are_those_that_are_documented()
    {
        Assert.Equal((1024, 1000), (Recording.CommandCapacity, Recording.TrackCapacity));
        Assert.Equal((1000, 1000, 100), (GapLog.MostGaps, GapLog.MostNotes, GapLog.MostNotesOfOne));
    }

    [Theory]
    [InlineData(0, 1, 5)]
    [InlineData(3, 4, 6)]
    public void Segments_are_listed_as_runs_of_their_indexes(int first, int second, int third)
    {
        TrackTotals totals = TrackTotals.Empty;
        foreach (int index in (int[])[first, second, third, third + 1, third + 3]) totals = totals.With(Segment(index));
        Assert.Equal([new IndexRange(first, second), new IndexRange(third, third + 1), new IndexRange(third + 3, third + 3)],
            totals.Segments);
        Assert.Equal((50L, 500L), (totals.SampleCount, totals.ByteCount));

        static ClosedSegment Segment(int index) =>
            new(new SegmentKey(SpoolSession.Info.RecordingId, 7, index), "Ada", "", "", 0, 10, 1, 100);
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
