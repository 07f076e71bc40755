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
        Assert.Equal(run.Closed.Count + 1, contents.Segments.Count);
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
