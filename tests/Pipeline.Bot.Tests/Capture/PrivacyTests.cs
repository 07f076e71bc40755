using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public abstract class PrivacyTests(SegmentFormat format) : CaptureSuite(format)
{
    private const int Millisecond = 48;

    [Fact]
    public void Pause_stores_nothing_and_is_a_gap()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Post(new RecordingAction.Pause(9));
        ada.Say(3000);
        Assert.True(run.Recording.Snapshot.Paused);
        Assert.Equal("paused", Assert.Single(run.Recording.Snapshot.Gaps).Reason);
        run.Post(new RecordingAction.Resume(9));
        ada.Say(1000);
        run.Stop();
        Assert.Equal([1000L * Millisecond, 1000L * Millisecond], run.Closed.Select(segment => segment.SampleCount));
        Assert.Equal(4000L * Millisecond, run.Closed[1].StartSample - run.Closed[0].StartSample);
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal((null, "paused"), (gap.UserId, gap.Reason));
        Assert.InRange(gap.SampleCount, 2999 * Millisecond, 3001 * Millisecond);
        Assert.Equal((150, 0), (run.Track().Health.Withheld, run.Track().Health.Lost));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_that_waited_for_its_key_through_a_pause_is_judged_by_its_arrival(bool isPausedAgain)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Post(new RecordingAction.Pause(9));
        run.AdvanceTo(2000);
        long during = run.Time.GetTimestamp();
        run.AdvanceTo(3000);
        run.Post(new RecordingAction.Resume(9));
        run.AdvanceTo(3500);
        if (isPausedAgain) run.Post(new RecordingAction.Pause(9));
        run.AdvanceTo(3600);
        Assert.True(run.Recording.Frames.TryWrite(new Discord.Media.AudioFrame
        {
            Kind = Discord.Media.AudioFrameKind.Opus,
            UserId = CaptureRun.Ada,
            Ssrc = 1,
            SequenceNumber = 150,
            Timestamp = 5000 + 48_000,
            ReceivedAt = during,
            Opus = [0xF8, 1, 2, 3],
        }));
        run.Stop();
        Assert.Equal(1, run.Track().Health.Withheld);
        Assert.Single(run.Closed);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void Bots_are_recorded_only_when_wanted(bool included, int segments)
    {
        using CaptureRun run = Run(new CaptureOptions { Channels = 1, IncludeBots = included });
        run.Recording.Introduce(CaptureRun.Ada, "Jukebox", isBot: true);
        using Talker bot = new(run);
        bot.Say(2000);
        run.Stop();
        Assert.Equal(segments, run.Closed.Count);
        Assert.Equal(segments, run.Recording.Snapshot.Tracks.Length);
    }

    [Fact]
    public void User_who_turns_out_to_be_a_bot_is_let_go()
    {
        using CaptureRun run = Run();
        using Talker bot = new(run);
        bot.Say(2000);
        Assert.NotEmpty(Directory.GetFiles(run.Folder, "*", SearchOption.AllDirectories));
        run.Recording.Introduce(CaptureRun.Ada, "Jukebox", isBot: true);
        bot.Say(2000);
        run.Stop();
        Assert.Empty(run.Closed);
        Assert.Empty(Directory.GetFiles(run.Folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Unknown_user_is_recorded_under_its_id_until_the_name_comes()
    {
        using CaptureRun run = Run(new CaptureOptions { Channels = 1, MaximumSegmentDuration = TimeSpan.FromSeconds(1) });
        using Talker ada = new(run);
        ada.Say(1500);
        Assert.Equal($"{CaptureRun.Ada}", run.Track().Username);
        run.Recording.Introduce(CaptureRun.Ada, "Ada 🚀", isBot: false);
        ada.Say(500);
        run.Stop();
        Assert.Equal([$"{CaptureRun.Ada}", "Ada 🚀"], run.Closed.Select(segment => segment.Username));
        Assert.Equal("Ada 🚀", SpoolRepair.Repair(run.Folder).Segments[1].Username);
    }

    [Fact]
    public void Reconnect_is_a_gap_of_everybody_and_time_goes_on()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Post(new RecordingAction.GapStarted("reconnect"));
        ada.Pause(7000);
        Assert.InRange(Assert.Single(run.Recording.Snapshot.Gaps).SampleCount, 6940 * Millisecond, 7000 * Millisecond);
        run.Post(new RecordingAction.GapEnded());
        ada.Ssrc = 77;
        ada.Say(1000);
        run.Stop();
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal((null, "reconnect", 7000L * Millisecond), (gap.UserId, gap.Reason, gap.SampleCount));
        Assert.Equal(8000L * Millisecond, run.Closed[1].StartSample - run.Closed[0].StartSample);
    }

    [Fact]
    public void Note_stands_at_its_moment()
    {
        using CaptureRun run = Run();
        run.AdvanceTo(2500);
        Assert.Equal(NoteOutcome.Taken, run.Recording.AddNote(9, "listen"));
        run.AdvanceTo(9000);
        Assert.Equal(new RecordingNote { Sample = 2500 * Millisecond, UserId = 9, Text = "listen" },
            Assert.Single(run.Recording.Snapshot.Notes));
    }
}

public sealed class WavPrivacyTests() : PrivacyTests(SegmentFormat.Wav);

public sealed class OpusPrivacyTests() : PrivacyTests(SegmentFormat.Opus);
