using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>One track's way into files where the disk refuses, and the figures that are kept of it.</summary>
public sealed class SegmentLaneTests : IDisposable
{
    private const ulong Ada = 7;
    private const double Second = 48_000;

    private readonly TempFolder folder = new();
    private readonly List<ClosedSegment> closed = [];
    private readonly RecordingContext context;
    private readonly TrackGaps gaps;
    private readonly SegmentLane lane;
    private readonly string track;

    public SegmentLaneTests()
    {
        context = new RecordingContext(SpoolSession.Info, new CaptureOptions { Channels = 1 }, folder.Path, new FakeTimeProvider(), 0)
        {
            SegmentClosed = closed.Add,
        };
        gaps = new TrackGaps(context.Gaps, Ada);
        lane = new SegmentLane(context, new TrackUser(Ada), gaps, firstIndex: 3, new WavAudio());
        track = folder.Combine($"{Ada}");
    }

    public void Dispose()
    {
        lane.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Figures_follow_the_open_segment_and_then_the_closed_ones()
    {
        Assert.Equal((0L, 0L, 0L, null, 3), (lane.Samples, lane.Start, lane.End, lane.OpenSince, lane.NextFreeIndex));
        Assert.True(lane.TryOpen(0, continues: false, arrival: 1));
        Assert.Equal((0L, 4, true), (lane.OpenSince!.Value, lane.NextFreeIndex, lane.IsOpen));
        lane.MoveTo(1000);
        Assert.True(Write(960, end: 1000));
        Assert.True(lane.TryWriteSilence(40, end: 1960));
        Assert.Equal((1000L, 1000L, 1000L, 480_000L - 1000), (lane.Samples, lane.Start, lane.OpenSince!.Value, lane.Room));
        Assert.Equal(0, lane.Lag); // samples can be put in and taken out
        lane.Close(end: 2000, arrival: 2);
        ClosedSegment first = Assert.Single(closed);
        Assert.Equal((3, 1000L, 1000L, 2000L, null), (first.Key.Index, first.StartSample, first.SampleCount, lane.End, lane.OpenSince));
        Assert.True(lane.TryOpen(2000, continues: true, arrival: 3));
        Write(960, end: 2000);
        lane.Close(end: 2960, arrival: 4);
        Assert.Equal([new IndexRange(3, 4)], lane.Totals.Segments);
        Assert.Equal((1960L, first.FileSize + closed[1].FileSize), (lane.Totals.SampleCount, lane.Totals.ByteCount));
    }

    [Fact]
    public void Silence_that_the_disk_refuses_is_a_gap_and_the_index_is_free_again()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full on this system");
        Directory.CreateDirectory(track);
        File.CreateSymbolicLink(Path.Combine(track, "000003.open.wav"), "/dev/full");
        Assert.True(lane.TryOpen(1000, continues: false, arrival: 1));
        Assert.True(Write(960, end: 1000));
        Assert.False(lane.TryWriteSilence(48_000, end: 1960));
        gaps.Flush();
        RecordingGap gap = Assert.Single(context.Gaps.Gaps);
        Assert.Equal(("spool", 1000L, 960L), (gap.Reason, gap.StartSample, gap.SampleCount));
        Assert.Equal((false, 3, null), (lane.IsOpen, lane.NextFreeIndex, lane.OpenSince));
        Assert.NotNull(context.Spool.Problem);
        Assert.Empty(Directory.GetFiles(track));
        Assert.False(lane.TryOpen(1960, continues: false, arrival: Second)); // it is tried again a second later
        Assert.True(lane.TryOpen(1960, continues: false, arrival: 1960 + Second));
    }

    [Fact]
    public void Sidecar_that_cannot_be_written_again_is_told_and_costs_no_audio()
    {
        Assert.True(lane.TryOpen(0, continues: false, arrival: 1));
        Directory.CreateDirectory(Path.Combine(track, "000003.json.tmp"));
        lane.MoveTo(10_000);
        lane.RefreshSidecar(end: 10_000);
        Assert.NotNull(context.Spool.Problem);
        Assert.True(lane.IsOpen && Write(960, end: 10_000));
    }

    [Fact]
    public void Segment_that_cannot_be_deleted_is_told_and_is_not_open_any_more()
    {
        Assert.True(lane.TryOpen(0, continues: false, arrival: 1));
        string sidecar = Path.Combine(track, "000003.json");
        File.Delete(sidecar);
        Directory.CreateDirectory(sidecar);
        lane.Discard(end: 0);
        Assert.NotNull(context.Spool.Problem);
        Assert.Equal((false, null, 4), (lane.IsOpen, lane.OpenSince, lane.NextFreeIndex));
        Assert.Empty(closed);
        lane.Discard(end: 0); // nothing is open
    }

    [Fact]
    public void Nothing_may_lie_on_what_the_disk_does_not_let_end()
    {
        Directory.CreateDirectory(Path.Combine(track, "000003.wav", "in the way"));
        Assert.True(lane.TryOpen(1000, continues: false, arrival: 1));
        Assert.True(Write(960, end: 1000));
        lane.Close(end: 1960, arrival: 2);
        Assert.Empty(closed);
        Assert.Equal((false, 1960L, 4), (lane.IsOpen, lane.End, lane.NextFreeIndex));
    }

    [Fact]
    public void Lane_that_ended_has_nothing_open()
    {
        Assert.True(lane.TryOpen(0, continues: false, arrival: 1));
        lane.Dispose();
        Assert.False(lane.IsOpen);
        Assert.Empty(OpenHandles.Below(track));
    }

    [Fact]
    public void Frames_of_a_bot_that_is_not_recorded_are_withheld()
    {
        using Track one = new(context, Ada, firstIndex: 0);
        one.SetUser("Jukebox", bot: true);
        one.Accept(TrackParts.Frame(0, 0, TrackParts.Loud), 0);
        TrackHealth health = one.Read(0, optedOut: false).Health;
        Assert.Equal((1L, 1L), (health.Received, health.Withheld));
    }

    [Fact]
    public void Sixty_files_in_a_minute_are_what_a_sender_can_bring_about()
    {
        for (int i = 0; i < 60; i++)
        {
            Assert.True(lane.MaySplit(arrival: 1000 + i));
            Assert.True(lane.TryOpen(i * 10, continues: false, arrival: 1000 + i));
            Write(10, end: i * 10);
            lane.Close(end: (i * 10) + 10, arrival: 1000 + i);
        }
        Assert.False(lane.MaySplit(arrival: 1000 + (60 * Second)));
        Assert.True(lane.MaySplit(arrival: 1001 + (60 * Second)));
    }

    [Fact]
    public void Buffer_and_folder_are_made_again_after_they_were_given_back()
    {
        Assert.True(lane.TryOpen(0, continues: false, arrival: 1));
        lane.Close(end: 0, arrival: 1);
        lane.ReleaseBuffer();
        Directory.Delete(track, recursive: true);
        Assert.True(lane.TryOpen(10, continues: false, arrival: 2));
        Assert.True(Write(960, end: 10));
        lane.Close(end: 970, arrival: 3);
        Assert.True(File.Exists(closed[^1].AudioPath));
    }

    [Fact]
    public void Packets_lie_off_their_place_by_what_they_stand_for_and_do_not_hold()
    {
        using SegmentLane packets = new(context, new TrackUser(Ada), gaps, firstIndex: 0, new OpusAudio());
        Assert.Equal(0, packets.Lag);
        Assert.True(packets.TryOpen(0, continues: false, arrival: 1));
        FrameAudio frame = FrameAudio.OfPacket([0x08, 1, 2, 3], 1500); // of 960 samples
        Assert.True(packets.TryWrite(in frame, end: 0));
        Assert.Equal(540, packets.Lag);
        packets.Close(end: 1500, arrival: 2);
        Assert.Equal(0, packets.Lag);
    }

    [Fact]
    public void Folder_that_cannot_be_made_is_told_and_tried_again_a_second_later()
    {
        File.WriteAllText(track, "in the way");
        Assert.False(lane.TryOpen(0, continues: false, arrival: 10));
        Assert.NotNull(context.Spool.Problem);
        Assert.Equal((false, 3, null), (lane.IsOpen, lane.NextFreeIndex, lane.OpenSince));
        File.Delete(track);
        Assert.False(lane.TryOpen(0, continues: false, arrival: Second));
        Assert.True(lane.TryOpen(0, continues: false, arrival: 10 + Second));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)] // a byte more than fits
    public void File_of_packets_takes_no_more_where_another_and_the_last_page_would_not_fit(int over, bool hasRoom)
    {
        FrameAudio frame = FrameAudio.OfPacket([0x08, 1, 2, 3], 960);
        using TempFolder other = new();
        SegmentSidecar sidecar = SpoolSession.Sidecar(start: 0) with { UserId = Ada, Username = $"{Ada}" };
        using SegmentWriter twin = SegmentWriter.Open(other.Path, sidecar, new OpusAudio(), continues: false);
        for (int i = 0; i < 25; i++) twin.Write(in frame);
        RecordingContext limited = new(SpoolSession.Info, new CaptureOptions
        {
            Channels = 1,
            Format = SegmentFormat.Opus,
            MaximumSegmentBytes = twin.FileSize + 65_536 - over,
        }, folder.Path, new FakeTimeProvider(), 0);
        using SegmentLane packets = new(limited, new TrackUser(Ada), gaps, firstIndex: 0, new OpusAudio());
        Assert.True(packets.TryOpen(0, continues: false, arrival: 1));
        for (int i = 0; i < 25; i++)
        {
            Assert.True(packets.Room > 0);
            Assert.True(packets.TryWrite(in frame, end: i * 960));
        }
        Assert.Equal(hasRoom ? 480_000 - (25 * 960) : 0, packets.Room);
    }

    [Theory]
    [InlineData(SegmentFormat.Opus, 0, false)]
    [InlineData(SegmentFormat.Opus, 1, true)]
    [InlineData(SegmentFormat.Wav, 1, false)]
    internal void Detector_without_samples_to_look_at_is_told(SegmentFormat format, int threshold, bool expected) =>
        Assert.Equal(expected, new CaptureOptions { Format = format, VadRmsThreshold = threshold }.LacksVad);

    [Fact]
    public void Track_closes_and_speaks_and_leaves_by_its_own_clock_to_the_sample()
    {
        using Track one = new(context, Ada, firstIndex: 0);
        for (int i = 0; i < 8; i++) one.Accept(TrackParts.Frame(i, (uint)(i * 960), TrackParts.Loud), i * 960);
        one.Tick(7_000);
        const int Last = 7 * 960;
        Assert.Equal((true, false), (one.Read(Last + 14_399, false).Speaking, one.Read(Last + 14_400, false).Speaking));
        one.Tick(Last + 216_000);
        Assert.NotNull(one.Read(0, false).OpenSince);
        one.Tick(Last + 216_001);
        Assert.Null(one.Read(0, false).OpenSince);
        one.Tick(Last + (300 * Second));
        one.Accept(TrackParts.Frame(8, 8 * 960, TrackParts.Loud), Last + (300 * Second));
        Assert.Equal(1, one.Read(0, false).Health.Epochs);
        one.Tick(Last + (600 * Second) + 1);
        one.Accept(TrackParts.Frame(9, 9 * 960, TrackParts.Loud), Last + (600 * Second) + 1);
        Assert.Equal(2, one.Read(0, false).Health.Epochs);
    }

    [Fact]
    public void File_that_was_begun_so_long_ago_closes_even_in_a_short_pause()
    {
        using Track one = new(context, Ada, firstIndex: 0);
        for (int i = 0; i < 450; i++) one.Accept(TrackParts.Frame(i, (uint)(i * 960), TrackParts.Loud), i * 960);
        one.Tick(480_000 + 14_400);
        Assert.Empty(closed);
        one.Tick(480_000 + 14_401);
        Assert.Equal(450 * 960, Assert.Single(closed).SampleCount);
    }

    [Fact]
    public void What_was_missing_is_listed_when_its_speaker_leaves()
    {
        using Track one = new(context, Ada, firstIndex: 0);
        for (int i = 0; i < 8; i++) one.Accept(TrackParts.Frame(i, (uint)(i * 960), [], kind: AudioFrameKind.Undecryptable), i * 960);
        one.Leave(10_000);
        Assert.Null(one.PendingGap());
        Assert.Equal(8 * 960, Assert.Single(context.Gaps.Gaps).SampleCount);
    }

    [Fact]
    public void Each_counter_has_its_own_name()
    {
        TrackCounters counters = new()
        {
            Received = 1,
            Lost = 2,
            Late = 3,
            Duplicate = 4,
            Reordered = 5,
            Concealed = 6,
            Recovered = 7,
            Corrupt = 8,
            Undecryptable = 9,
            SpoolDropped = 10,
            Withheld = 11,
            Epochs = 12,
            Reanchored = 13,
            Slipped = 14,
            Empty = 15,
        };
        string[] names = ["received", "lost", "late", "duplicate", "reordered", "concealed", "recovered", "corrupt", "undecryptable",
            "spoolDropped", "withheld", "epochs", "reanchored", "slipped", "empty"];
        Assert.Equal(names.Select((name, index) => (name, index + 1L)).Order(),
            counters.Read().ToDictionary().Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal(["lost", "received"], default(TrackHealth).ToDictionary().Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(SegmentFormat.Wav, 1, 10_000, 50 << 20, 480_000, long.MaxValue)]
    [InlineData(SegmentFormat.Wav, 2, 10_000, 400_044, 100_000, long.MaxValue)] // by its size: 44 bytes of header
    [InlineData(SegmentFormat.Wav, 1, 10_000, 400_044, 200_000, long.MaxValue)]
    [InlineData(SegmentFormat.Opus, 2, 10_000, 400_000, 480_000, 400_000 - 65_536)] // by its bytes as they come, less a page
    internal void Segment_ends_by_its_length_or_by_its_size(SegmentFormat format, int channels, int milliseconds, long bytes, long samples,
        long fileSize)
    {
        CaptureLimits limits = new(new CaptureOptions
        {
            Format = format,
            Channels = channels,
            MaximumSegmentDuration = TimeSpan.FromMilliseconds(milliseconds),
            MaximumSegmentBytes = bytes,
        });
        Assert.Equal((samples, fileSize), (limits.MaximumSegment, limits.MaximumFileSize));
    }

    [Theory]
    [InlineData(SegmentFormat.Wav, 0, 50, 0)]
    [InlineData(SegmentFormat.Wav, 300, 50, 48_000)]
    [InlineData(SegmentFormat.Wav, 300, 3, 2880)]
    [InlineData(SegmentFormat.Opus, 300, 50, 0)] // it needs decoded samples
    internal void Limits_are_samples(SegmentFormat format, int threshold, int chunks, long vad)
    {
        CaptureLimits limits = new(new CaptureOptions { Format = format, VadRmsThreshold = threshold, VadSilenceChunks = chunks });
        Assert.Equal(vad, limits.VadSilence);
        Assert.Equal((96_000L, 24_000L, 4800L), (limits.SilenceThreshold, limits.MinimumSegment, limits.ReorderWindow));
        Assert.Equal((216_000L, 494_400L, 560), (limits.LazySilence, limits.LongestOpen, limits.ReorderCapacity));
    }

    [Fact]
    public void Defaults_are_those_that_are_documented()
    {
        CaptureOptions options = new();
        Assert.Equal((2, 2000, 500, 10_000, 100), (options.Channels, options.SilenceThreshold.TotalMilliseconds,
            options.MinimumSegmentDuration.TotalMilliseconds, options.MaximumSegmentDuration.TotalMilliseconds,
            options.ReorderWindow.TotalMilliseconds));
        Assert.Equal((52_428_800, 268_435_456, 4_294_967_296), (options.MaximumSegmentBytes, options.MinimumFreeDiskBytes,
            options.SpoolLimitBytes));
        Assert.Equal((12, 50, 0), (options.MaximumDuration.TotalHours, options.VadSilenceChunks, options.VadRmsThreshold));
    }

    [Fact]
    public void Track_gives_its_buffers_back_after_five_minutes_without_a_packet()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(200).Pause(299_000).Say(200);
        Assert.Equal(1, run.Track().Health.Epochs);
        ada.Pause(301_000).Say(200);
        Assert.Equal(2, run.Track().Health.Epochs);
        run.Stop();
        Assert.Equal([9600L, 9600, 9600], run.Closed.Select(segment => Math.Min(9600, segment.SampleCount)));
    }

    private bool Write(int samples, long end)
    {
        FrameAudio frame = FrameAudio.OfPcm(new short[samples], samples);
        return lane.TryWrite(in frame, end);
    }
}
