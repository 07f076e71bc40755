using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public abstract class SpoolFaultTests(SegmentFormat format) : CaptureSuite(format)
{
    private const int Millisecond = 48;

    [Fact]
    public void Full_disk_is_a_gap_and_recording_goes_on_when_there_is_space()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full on this system");
        using CaptureRun run = Run();
        string folder = Path.Combine(run.Folder, $"{CaptureRun.Ada}");
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, $"000000.open{Format.Suffix()}"), "/dev/full"); // every write: no space left
        using Talker ada = new(run);
        ada.Say(1500);
        Assert.Contains("space", run.Recording.Snapshot.SpoolProblem, StringComparison.OrdinalIgnoreCase);
        ada.Say(3500); // the link went with the failed segment
        run.Stop();

        TrackSnapshot track = run.Track();
        Assert.Null(run.Recording.Snapshot.SpoolProblem);
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal(("spool", (ulong?)CaptureRun.Ada), (gap.Reason, gap.UserId));
        Assert.InRange(gap.SampleCount, 1000 * Millisecond, 1500 * Millisecond);
        Assert.Equal(gap.StartSample + gap.SampleCount, Assert.Single(run.Closed).StartSample);
        Assert.Equal(5000L * Millisecond, gap.SampleCount + run.Closed[0].SampleCount);
        Assert.InRange(track.Health.SpoolDropped, 40, 60);
        run.Lane();
    }

    [Fact]
    public void Space_that_ends_in_mid_segment_keeps_what_the_disk_has()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(2000);
        string open = Directory.GetFiles(run.Folder, "*.open.*", SearchOption.AllDirectories).Single();
        string user = Path.GetDirectoryName(open)!;
        Directory.Move(user, user + ".away"); // closing cannot rename, opening cannot create
        File.WriteAllText(user, "in the way");
        ada.Say(10_000);
        Assert.NotNull(run.Recording.Snapshot.SpoolProblem);
        File.Delete(user);
        Directory.Move(user + ".away", user);
        ada.Say(3000);
        run.Stop();

        Assert.Contains(run.Recording.Snapshot.Gaps, gap => gap.Reason == "spool");
        Assert.Null(run.Recording.Snapshot.SpoolProblem);
        run.Lane();
        SpoolContents contents = SpoolRepair.Repair(run.Folder);
        Assert.Equal(0, contents.Segments[0].Key.Index); // the segment that could not be renamed
        Assert.Equal(480_000, contents.Segments[0].SampleCount);
        Assert.Equal(run.Closed.Count, contents.Segments.Count);
    }

    /// <summary>It can neither be renamed nor mended: nothing names its audio as long as it does not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Segment_that_cannot_be_committed_is_a_gap_from_its_start_until_the_disk_gives_in(bool givesIn)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000);
        string open = Directory.GetFiles(run.Folder, "*.open.*", SearchOption.AllDirectories).Single();
        string closed = Path.Combine(Path.GetDirectoryName(open)!, $"000000{Format.Suffix()}");
        Directory.CreateDirectory(Path.Combine(closed, "in the way"));
        ada.Pause(10_000); // a second after the refusal the disk is asked again
        Assert.Empty(run.Closed);
        RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal(("spool", (ulong?)CaptureRun.Ada), (gap.Reason, gap.UserId));
        Assert.InRange(gap.StartSample, 0, 20 * Millisecond);
        Assert.Equal(3000L * Millisecond, gap.SampleCount, 20d * Millisecond);
        if (givesIn) Directory.Delete(closed, recursive: true);
        ada.Say(2000);
        if (!givesIn) Assert.Equal(gap, Assert.Single(run.Recording.Snapshot.Gaps));
        run.Stop();

        Assert.Equal(givesIn ? [0, 1] : [1], run.Closed.Select(segment => segment.Key.Index).Order());
        if (!givesIn) Assert.Equal(gap, Assert.Single(run.Recording.Snapshot.Gaps));
        else Assert.Empty(run.Recording.Snapshot.Gaps);
        if (givesIn) Assert.Equal(3000L * Millisecond, run.Closed[0].SampleCount, 20d * Millisecond);
        run.Lane();
        Assert.Equal(!givesIn, File.Exists(open));
    }

    [Fact]
    public void Audio_that_could_not_be_deleted_when_its_speaker_opted_out_goes_when_the_disk_gives_in()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000);
        string open = Directory.GetFiles(run.Folder, "*.open.*", SearchOption.AllDirectories).Single();
        string held = run.Folder + ".held";
        File.Move(open, held);
        Directory.CreateDirectory(Path.Combine(open, "in the way"));
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        ada.Say(1000);
        Directory.Delete(open, recursive: true);
        File.Move(held, open); // it was never deleted
        Assert.True(run.Recording.Consent.OptIn(CaptureRun.Ada, run.Time.GetTimestamp()));
        ada.Say(1000);
        run.Stop();
        Assert.False(File.Exists(open));
        Assert.Single(run.Closed);
        Assert.Single(SpoolRepair.Repair(run.Folder).Segments);
    }

    [Fact]
    public void Who_opts_out_takes_along_what_could_not_be_committed()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000);
        string open = Directory.GetFiles(run.Folder, "*.open.*", SearchOption.AllDirectories).Single();
        string closed = Path.Combine(Path.GetDirectoryName(open)!, $"000000{Format.Suffix()}");
        Directory.CreateDirectory(Path.Combine(closed, "in the way"));
        ada.Pause(5000);
        Assert.True(File.Exists(open));
        run.Recording.Consent.OptOut(CaptureRun.Ada);
        ada.Say(100);
        Assert.False(File.Exists(open));
        Assert.False(File.Exists(Path.ChangeExtension(closed, ".json")));
        run.Stop();
        Assert.Empty(run.Closed);
    }

    [Fact]
    public void Segment_that_the_disk_lets_end_behind_the_last_word_is_told_when_its_speaker_leaves()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000);
        string open = Directory.GetFiles(run.Folder, "*.open.*", SearchOption.AllDirectories).Single();
        string closed = Path.Combine(Path.GetDirectoryName(open)!, $"000000{Format.Suffix()}");
        Directory.CreateDirectory(Path.Combine(closed, "in the way"));
        ada.Pause(5000);
        Assert.Single(run.Recording.Snapshot.Gaps);
        Directory.Delete(closed, recursive: true);
        run.Recording.UserLeft(CaptureRun.Ada);
        run.AdvanceTo(run.Now + 60);
        Assert.Equal(0, Assert.Single(run.Closed).Key.Index);
        Assert.Empty(run.Recording.Snapshot.Gaps);
        run.Lane();
    }

    [Fact]
    public void Spool_limit_turns_new_audio_into_a_gap()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        run.Post(new RecordingAction.SpoolFull());
        ada.Say(2000);
        Assert.NotNull(run.Recording.Snapshot.SpoolProblem);
        RecordingGap running = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal("spool", running.Reason);
        Assert.InRange(running.SampleCount, 1800 * Millisecond, 2000 * Millisecond);
        run.Post(new RecordingAction.SpoolFree());
        ada.Say(2000);
        run.Stop();
        Assert.Equal(2000L * Millisecond, Assert.Single(run.Recording.Snapshot.Gaps).SampleCount);
        Assert.Equal(2000L * Millisecond, Assert.Single(run.Closed).SampleCount);
        Assert.Equal(100, run.Track().Health.SpoolDropped);
    }

    [Fact]
    public void Spool_folder_that_vanishes_is_made_again()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000).Pause(5000);
        Assert.Single(run.Closed);
        Directory.Delete(run.Folder, recursive: true);
        run.Closed.Clear();
        ada.Say(4000);
        run.Stop();
        Assert.True(Assert.Single(run.Closed).SampleCount >= 2900 * Millisecond);
        run.Lane();
    }

    [Fact]
    public void Killed_at_any_moment_everything_on_disk_is_repaired()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run), grace = new(run, CaptureRun.Grace, ssrc: 2);
        ada.Say(14_000);
        run.Recording.Dispose(); // what a kill leaves: no header, no rename, the buffer lost
        string[] open = Directory.GetFiles(run.Folder, "*.open.*", SearchOption.AllDirectories);
        Assert.Single(open);
        using (FileStream torn = File.Open(open[0], FileMode.Append)) torn.WriteByte(1);

        SpoolContents contents = SpoolRepair.Repair(run.Folder);
        Assert.Equal(2, contents.Segments.Count);
        Assert.Empty(contents.Unreadable);
        Assert.Equal(2, contents.NextIndexes[CaptureRun.Ada]);
        ClosedSegment last = contents.Segments[1];
        Assert.Equal(contents.Segments[0].StartSample + contents.Segments[0].SampleCount, last.StartSample);
        Assert.InRange(last.SampleCount, 3500 * Millisecond, 4000 * Millisecond); // at most the write buffer is missing
        Assert.Equal(last.SampleCount, CaptureRun.Read(last).Length);
        Assert.Equal(run.Session.RecordingId, last.Key.Recording);
        Assert.Equal(contents.Segments, SpoolRepair.Repair(run.Folder).Segments); // twice changes nothing
    }

    [Fact]
    public void Segment_that_holds_nothing_yet_goes_with_its_sidecar()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(200);
        Assert.NotNull(run.Track().OpenSince);
        run.Recording.Dispose();
        SpoolContents contents = SpoolRepair.Repair(run.Folder);
        Assert.Empty(contents.Segments);
        Assert.Equal(1, contents.NextIndexes[CaptureRun.Ada]);
        Assert.Empty(Directory.GetFiles(run.Folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void File_without_a_readable_sidecar_is_named_and_left_alone()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Stop();
        File.WriteAllText(run.Closed[0].SidecarPath, "{\"version\":");
        SpoolContents contents = SpoolRepair.Repair(run.Folder);
        Assert.Empty(contents.Segments);
        Assert.Equal([run.Closed[0].AudioPath], contents.Unreadable);
        Assert.True(File.Exists(run.Closed[0].AudioPath));
    }

    [Fact]
    public void Sidecar_on_disk_knows_nearly_the_right_start_before_the_end()
    {
        SyntheticSender sender = new SyntheticSender(new SenderScenario("jitter") { Jitter = 200, Turns = [6000] }).Speak();
        using CaptureRun run = Run();
        foreach (SentPacket packet in sender.Packets.Where(packet => packet.ArrivalMilliseconds < 5000)) run.Receive(packet);
        run.Recording.Tick();
        run.Recording.Dispose();
        ClosedSegment repaired = Assert.Single(SpoolRepair.Repair(run.Folder).Segments);
        Assert.InRange(repaired.StartSample / 48.0, 1000, 1020);
    }
}

public sealed class WavSpoolFaultTests() : SpoolFaultTests(SegmentFormat.Wav);

public sealed class OpusSpoolFaultTests() : SpoolFaultTests(SegmentFormat.Opus);
