using Microsoft.Extensions.Time.Testing;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>Where a rule of capture ends, to the frame: silence, cuts, losses, jumps of a clock.</summary>
public sealed class CaptureEdgeTests
{
    private const int Millisecond = 48;

    [Fact]
    public void Talk_without_any_trouble_counts_packets_and_nothing_else()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000);
        run.Stop();
        Assert.Equal([("epochs", 1), ("lost", 0), ("received", 50)],
            run.Track().Health.ToDictionary().Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Theory]
    [InlineData(1980, 1)]
    [InlineData(2000, 2)]
    public void Pause_as_long_as_the_threshold_ends_a_segment(int pause, int segments)
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000).Pause(pause).Say(1000);
        run.Stop();
        Assert.Equal(segments, run.Closed.Count);
        Assert.Equal((2000 + (segments == 1 ? pause : 0)) * Millisecond, run.Closed.Sum(segment => segment.SampleCount));
    }

    [Theory]
    [InlineData(1980, 1980)]
    [InlineData(2000, 0)]
    public void Pause_as_long_as_the_threshold_at_a_cut_is_not_stored(int pause, int stored)
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(10_000).Pause(pause).Say(1000);
        run.Stop();
        Assert.Equal([10_000L * Millisecond, (1000L + stored) * Millisecond], run.Closed.Select(segment => segment.SampleCount));
    }

    [Fact]
    public void Silence_markers_end_a_segment_with_the_frame_that_reaches_the_threshold()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000);
        for (int marker = 0; marker < 99; marker++) ada.Send(OpusPacket.SilenceMarker);
        run.Recording.Tick();
        Assert.Empty(run.Closed);
        ada.Send(OpusPacket.SilenceMarker);
        run.Recording.Tick();
        run.Recording.Tick();
        Assert.Equal(3000 * Millisecond, Assert.Single(run.Closed).SampleCount);
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(6, 6)]
    public void More_than_five_lost_packets_before_a_pause_are_listed(int lost, int listed)
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000).Lose(lost).Pause(300).Say(1000);
        run.Stop();
        Assert.Equal(lost, run.Track().Health.Lost);
        Assert.Equal(listed == 0 ? [] : [listed * 960L], run.Recording.Snapshot.Gaps.Select(gap => gap.SampleCount));
    }

    [Theory]
    [InlineData(6, 0, 5)] // beyond five it is silence
    [InlineData(3, 3, 6)] // a packet in between begins the count again
    public void Five_packets_in_a_row_that_cannot_be_opened_are_made_up(int first, int second, int concealed)
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(1000).Undecryptable(first).Say(20).Undecryptable(second).Say(500);
        run.Stop();
        Assert.Equal((first + second, concealed), (run.Track().Health.Undecryptable, run.Track().Health.Concealed));
    }

    [Fact]
    public void Packets_without_audio_carry_the_numbers_on_however_many_come()
    {
        using CaptureRun run = new();
        using Talker ada = new(run);
        ada.Say(200);
        for (int i = 0; i < 3_200; i++)
        {
            run.Receive(CaptureRun.Ada, ada.Ssrc, ada.Sequence++, ada.Timestamp, [], AudioFrameKind.Empty);
            if (i % 100 == 0) run.Recording.Tick();
        }
        ada.Say(200);
        run.Stop();
        TrackHealth health = run.Track().Health;
        Assert.Equal((1, 3_200, 0, 0), (health.Epochs, health.Empty, health.Lost, health.Late));
    }

    [Fact]
    public void Start_of_a_long_segment_follows_the_clock_for_ten_seconds_and_no_longer()
    {
        using CaptureRun run = new(new CaptureOptions { Channels = 1, MaximumSegmentDuration = TimeSpan.FromSeconds(60) });
        byte[] loud = [.. OpusFrame(level: 10_000)];
        for (int frame = 0; frame < 700; frame++)
        {
            double late = frame < 50 ? 3.75 : frame < 550 ? 1.875 : 0; // 180 samples, 90, none
            run.AdvanceTo(1000 + (20 * frame) + late);
            run.Receive(CaptureRun.Ada, 7, (ushort)frame, (uint)(frame * 960), loud);
        }
        run.Stop();
        Assert.Equal((48_000 + 90, 700 * 960), (Assert.Single(run.Closed).StartSample, run.Closed[0].SampleCount));
    }

    [Theory]
    [InlineData(SegmentFormat.Wav, 0x18, 2880, 0)] // one frame of 60 ms
    [InlineData(SegmentFormat.Opus, 0x18, 2880, 0)]
    [InlineData(SegmentFormat.Wav, 0x19, 5760, 1)] // two of them
    [InlineData(SegmentFormat.Opus, 0x19, 5760, 1)]
    internal void Packet_of_empty_frames_is_silence_up_to_60_ms(SegmentFormat format, byte packet, int samples, int segments)
    {
        using CaptureRun run = new(new CaptureOptions { Channels = 1, Format = format });
        for (int i = 0; i < 10; i++)
        {
            run.AdvanceTo(1000 + (samples * i / 48.0));
            run.Receive(CaptureRun.Ada, 7, (ushort)i, (uint)(i * samples), [packet]);
        }
        run.Stop();
        Assert.Equal((segments, 10L), (run.Closed.Count, run.Track().Health.Received));
    }

    [Fact]
    public void File_of_packets_is_cut_where_the_senders_clock_has_drifted_ten_milliseconds()
    {
        using CaptureRun run = new(new CaptureOptions
        {
            Channels = 1,
            Format = SegmentFormat.Opus,
            MaximumSegmentDuration = TimeSpan.FromSeconds(60),
        });
        byte[] loud = [.. OpusFrame(level: 10_000)];
        for (int frame = 0; frame < 2_500; frame++)
        {
            run.AdvanceTo(1000 + (20.01 * frame)); // 500 ppm: 480 samples in 20 s
            run.Receive(CaptureRun.Ada, 7, (ushort)frame, (uint)(frame * 960), loud);
        }
        run.Stop();
        Assert.InRange(run.Closed.Count, 2, 4);
        Assert.All(run.Closed.SkipLast(1), segment => Assert.True(segment.SampleCount >= 5000 * Millisecond));
    }

    [Theory]
    [InlineData(48_000, 0)]
    [InlineData(48_001, 1)]
    public void Who_lies_more_than_a_second_ahead_of_the_arrival_has_a_clock_that_runs_away(long timestamp, long reanchored)
    {
        using TempFolder folder = new();
        RecordingContext context = new(SpoolSession.Info, new CaptureOptions { Channels = 1 }, folder.Path, new FakeTimeProvider(), 0);
        TrackGaps gaps = new(context.Gaps, SpoolSession.Ada);
        using SegmentLane lane = new(context, new TrackUser(SpoolSession.Ada), gaps, firstIndex: 0, new WavAudio());
        TrackCounters counters = new();
        Timeline timeline = new();
        Placement placement = new(context, timeline, lane, gaps, counters);
        timeline.BeginEpoch(0, 0);
        Packet first = new() { Sequence = 1, Arrival = 0, Timestamp = 0 };
        timeline.Observe(in first, beginsTalk: true, afterMarker: false);
        timeline.Decide(overflowed: false);
        placement.Align(in first, continues: false);
        Packet ahead = new() { Sequence = 2, Arrival = 0, Timestamp = timestamp };
        placement.Align(in ahead, continues: true);
        Assert.Equal((reanchored, reanchored == 0 ? timestamp : 0), (counters.Reanchored, placement.GapBefore(in ahead)));
    }

    [Fact]
    public void Nothing_of_another_source_is_heard_in_what_the_next_one_says()
    {
        Assert.Equal(LastOf(isFirst: true), LastOf(isFirst: false));

        static short[] LastOf(bool isFirst)
        {
            using CaptureRun run = new();
            using Talker before = new(run) { Level = 20_000 };
            if (!isFirst) before.Say(1000);
            run.AdvanceTo(1000);
            using Talker next = new(run, ssrc: 2);
            next.Say(600);
            run.Stop();
            return CaptureRun.Read(run.Closed[^1]);
        }
    }

    [Fact]
    public void Who_wants_out_and_listens_is_shown_with_nothing()
    {
        using CaptureRun run = new(optedOut: [CaptureRun.Grace]);
        run.Recording.Introduce(CaptureRun.Grace, "Grace", isBot: false);
        run.AdvanceTo(120);
        TrackSnapshot grace = run.Track(CaptureRun.Grace);
        Assert.Equal(("Grace", true, false, false), (grace.Username, grace.OptedOut, grace.IsBot, grace.Speaking));
        Assert.Equal((0, 0L, 0L, 0, null, 0L), (grace.Segments.Count, grace.SampleCount, grace.ByteCount, grace.NextFreeIndex,
            grace.OpenSince, grace.Position));
    }

    [Fact]
    public void Who_was_heard_off_the_record_alone_has_a_track_of_nothing()
    {
        using CaptureRun run = new(firstIndexes: new Dictionary<ulong, int> { [CaptureRun.Ada] = 41 });
        run.Post(new RecordingAction.Pause(9));
        using Talker ada = new(run);
        ada.Say(200);
        TrackSnapshot track = run.Track();
        Assert.Equal((0, 0L, 0L, 41, null, 0L), (track.Segments.Count, track.SampleCount, track.ByteCount, track.NextFreeIndex,
            track.OpenSince, track.Position));
        Assert.Equal(track.Health.Received, track.Health.Withheld);
    }

    [Fact]
    public void Names_of_a_hundred_thousand_people_are_known_and_can_still_change()
    {
        KnownPeople people = new();
        for (ulong user = 1; user <= 100_001; user++) people.Introduce(user, new KnownPerson("one", IsBot: false));
        people.Introduce(7, new KnownPerson("another", IsBot: false));
        Assert.Equal((100_000, "another", false), (people.All.Count, people.All[7].Name, people.All.ContainsKey(100_001)));
    }

    /// <summary>20 ms of a tone, or of nothing.</summary>
    private static byte[] OpusFrame(int level)
    {
        using OpusEncoder encoder = new(bitrate: 96_000);
        short[] pcm = [.. Enumerable.Range(0, 960).Select(i => (short)(level * Math.Sin(i / 8.0)))];
        return [.. encoder.Encode(pcm)];
    }
}
