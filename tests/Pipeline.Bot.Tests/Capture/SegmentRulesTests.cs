using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public abstract class SegmentRulesTests(SegmentFormat format) : CaptureSuite(format)
{
    private const int Second = 48_000;
    private const int Millisecond = 48;

    [Fact]
    public void Unbroken_talk_is_cut_at_the_greatest_duration_and_joins_to_the_sample()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(25_000);
        run.Stop();
        Assert.Equal([10L * Second, 10L * Second, 5L * Second], run.Closed.Select(segment => segment.SampleCount));
        Assert.Equal([0, 1, 2], run.Closed.Select(segment => segment.Key.Index));
        Assert.Equal(run.Closed[0].StartSample + (10 * Second), run.Closed[1].StartSample);
        Assert.Equal(run.Closed[1].StartSample + (10 * Second), run.Closed[2].StartSample);
        short[] lane = run.Lane();
        foreach (ClosedSegment segment in run.Closed.Skip(1))
            Assert.True(Math.Abs(lane[segment.StartSample] - lane[segment.StartSample - 1]) < 700, "a step at the seam");
    }

    [Theory]
    [InlineData("one packet lost")]
    [InlineData("five packets lost")]
    [InlineData("one packet undecryptable")]
    [InlineData("talk ends, pause of 300 ms")]
    [InlineData("pause of 300 ms around it")]
    public void Whatever_happens_at_a_cut_the_next_segment_joins_to_the_sample(string what)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(what.EndsWith("around it", StringComparison.Ordinal) ? 9900 : 10_000);
        _ = what switch
        {
            "one packet lost" => ada.Lose(1),
            "five packets lost" => ada.Lose(5),
            "one packet undecryptable" => ada.Undecryptable(1),
            "talk ends, pause of 300 ms" => ada.EndTalk().Pause(200),
            _ => ada.Pause(300),
        };
        ada.Say(3000);
        run.Stop();
        Assert.Equal(2, run.Closed.Count);
        Assert.Equal(10 * Second, run.Closed[0].SampleCount);
        Assert.Equal(run.Closed[0].StartSample + run.Closed[0].SampleCount, run.Closed[1].StartSample);
        run.Lane();
    }

    [Fact]
    public void Pause_over_the_threshold_at_a_cut_is_not_stored()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(10_000).EndTalk().Pause(3000).Say(1000);
        run.Stop();
        Assert.Equal([10L * Second, 1L * Second], run.Closed.Select(segment => segment.SampleCount));
        Assert.Equal(13_100L * Millisecond, run.Closed[1].StartSample - run.Closed[0].StartSample);
    }

    [Fact]
    public void Odd_frame_lengths_are_cut_inside_a_frame_and_before_it_where_packets_are_kept()
    {
        using CaptureRun run = Run(new CaptureOptions { Channels = 1, MaximumSegmentDuration = TimeSpan.FromMilliseconds(1007) });
        using Talker ada = new(run);
        ada.Say(4000);
        run.Stop();
        long[] expected = IsOpus ? [Second, Second, Second, Second] : [1007L * 48, 1007L * 48, 1007L * 48, 979L * 48];
        Assert.Equal(expected, run.Closed.Select(segment => segment.SampleCount));
        run.Lane();
    }

    [Fact]
    public void Size_limit_cuts_as_duration_does()
    {
        // A tone of 100 bytes a packet would take three minutes to fill a megabyte.
        long limit = IsOpus ? 84 << 10 : 1 << 20;
        using CaptureRun run = Run(new CaptureOptions { Channels = 2, MaximumSegmentBytes = limit });
        using Talker ada = new(run);
        ada.Say(12_000);
        run.Stop();
        // Five and a bit seconds of WAV fill a megabyte; how an Opus page fits is up to the encoder.
        if (IsOpus) Assert.InRange(run.Closed.Count, 3, 8);
        else Assert.Equal(3, run.Closed.Count);
        Assert.All(run.Closed, segment => Assert.True(segment.FileSize <= limit));
        if (!IsOpus) Assert.Equal((1 << 20) - 44 - (((1 << 20) - 44) % 4) + 44, run.Closed[0].FileSize);
        Assert.Equal(12L * Second, run.Closed.Sum(segment => segment.SampleCount));
    }

    [Fact]
    public void Long_silence_closes_and_is_not_stored()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000).Pause(5000).Say(2000);
        run.Stop();
        Assert.Equal([3L * Second, 2L * Second], run.Closed.Select(segment => segment.SampleCount));
        Assert.Equal(8L * Second, run.Closed[1].StartSample - run.Closed[0].StartSample);
    }

    [Fact]
    public void Short_silence_is_written_so_that_length_equals_time()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000).EndTalk().Pause(1400).Say(2000);
        run.Stop();
        ClosedSegment only = Assert.Single(run.Closed);
        Assert.Equal(6500 * Millisecond, only.SampleCount);
        short[] pause = run.Lane()[(int)(only.StartSample + (3100 * Millisecond))..(int)(only.StartSample + (4450 * Millisecond))];
        Assert.All(pause, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Silence_closes_by_the_clock_when_nobody_speaks_again()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(1000);
        run.AdvanceTo(1000 + 4400);
        Assert.Empty(run.Closed);
        Assert.NotNull(run.Track().OpenSince);
        run.AdvanceTo(1000 + 4700);
        Assert.Single(run.Closed);
        Assert.Null(run.Track().OpenSince);
    }

    [Fact]
    public void No_audio_waits_in_an_open_file_longer_than_the_greatest_duration()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(9000);
        run.AdvanceTo(10_250);
        Assert.Empty(run.Closed);
        run.AdvanceTo(10_450);
        Assert.Single(run.Closed);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(300)]
    public void Short_words_are_padded_never_dropped(int milliseconds)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(milliseconds).Pause(3000).Say(1000);
        run.Stop();
        Assert.Equal([500L * Millisecond, 1000L * Millisecond], run.Closed.Select(segment => segment.SampleCount));
        Assert.Equal((milliseconds + 3000L) * Millisecond, run.Closed[1].StartSample - run.Closed[0].StartSample);
    }

    [Fact]
    public void Padding_does_not_reach_into_the_next_segment()
    {
        using CaptureRun run = Run(new CaptureOptions { Channels = 1, SilenceThreshold = TimeSpan.FromMilliseconds(200) });
        using Talker ada = new(run);
        for (int i = 0; i < 20; i++) ada.Say(40).Pause(240);
        run.Stop();
        Assert.Equal(20, run.Closed.Count);
        short[] lane = run.Lane(); // fails on overlap
        Assert.Equal(280L * Millisecond, run.Closed[1].StartSample - run.Closed[0].StartSample);
        Assert.NotEmpty(lane);
    }

    [Fact]
    public void Markers_alone_open_nothing_and_close_after_the_threshold()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        for (int i = 0; i < 30; i++) ada.EndTalk();
        Assert.Null(run.Track().OpenSince);
        ada.Say(1000);
        for (int i = 0; i < 40; i++) ada.EndTalk();
        run.AdvanceTo(run.Now + 60);
        Assert.Equal(3000L * Millisecond, Assert.Single(run.Closed).SampleCount);
        Assert.InRange(run.Closed[0].StartSample, 3000 * Millisecond, 3001 * Millisecond);
    }

    [Fact]
    public void Leaving_closes_and_coming_back_continues_the_track()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        for (int i = 0; i < 10; i++)
        {
            ada.Say(600);
            run.Recording.UserLeft(CaptureRun.Ada);
            ada.Pause(900);
            ada.Ssrc += 10;
            ada.Sequence = (ushort)(ada.Sequence * 31);
            ada.Timestamp *= 31;
        }
        run.Stop();
        TrackSnapshot track = run.Track();
        Assert.Equal(new IndexRange(0, 9), Assert.Single(track.Segments));
        Assert.Equal(10, track.NextFreeIndex);
        Assert.Equal(10, track.Health.Epochs);
        Assert.Equal(0, track.Health.Lost);
        for (int i = 1; i < 10; i++) Assert.Equal(1500L * Millisecond, run.Closed[i].StartSample - run.Closed[i - 1].StartSample);
    }

    [Fact]
    public void New_source_closes_the_segment()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(2000);
        (ada.Ssrc, ada.Sequence, ada.Timestamp) = (99, 60_000, 7);
        ada.Say(2000);
        run.Stop();
        Assert.Equal([96_000L, 96_000L], run.Closed.Select(segment => segment.SampleCount));
        Assert.Equal(96_000, run.Closed[1].StartSample - run.Closed[0].StartSample);
    }

    [Fact]
    public void Frame_that_waits_when_a_new_source_begins_is_in_the_segment_before()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(2000).Lose(1).Say(20);
        (ada.Ssrc, ada.Sequence, ada.Timestamp) = (99, 60_000, 7);
        ada.Say(2000);
        run.Stop();
        Assert.Equal([2040L * Millisecond, 2000L * Millisecond], run.Closed.Select(segment => segment.SampleCount));
    }

    [Fact]
    public void Cut_closes_at_once_and_goes_on_without_a_missing_sample()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(2000);
        run.Post(new RecordingAction.Cut());
        ada.Say(2000);
        run.Stop();
        Assert.Equal(4L * Second, run.Closed.Sum(segment => segment.SampleCount));
        Assert.Equal(run.Closed[0].StartSample + run.Closed[0].SampleCount, run.Closed[1].StartSample);
    }

    [Fact]
    public void Segment_of_somebody_who_fell_silent_is_padded_up_to_a_quarter_of_a_second_before_now_at_most()
    {
        using CaptureRun run = Run(new CaptureOptions { Channels = 1, MinimumSegmentDuration = TimeSpan.FromSeconds(8) });
        using Talker ada = new(run);
        ada.Say(1000);
        run.AdvanceTo(12_000);
        // The last packet came at 980 ms; the first tick more than 4.5 s later is that of 5,520 ms.
        Assert.Equal((0, (5520L - 250) * Millisecond), (Assert.Single(run.Closed).StartSample, run.Closed[0].SampleCount));
    }

    [Fact]
    public void Clock_that_jumps_within_talk_begins_a_segment_of_its_own()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000);
        ada.Timestamp += 48_000;
        ada.Say(3000);
        run.Stop();
        Assert.Equal(1, run.Track().Health.Reanchored);
        Assert.Equal(2, run.Closed.Count);
    }

    [Fact]
    public void Cut_of_a_track_without_an_open_segment_leaves_it_as_it_is()
    {
        using CaptureRun run = Run();
        run.AdvanceTo(200);
        using Talker ada = new(run);
        ada.EndTalk();
        run.Post(new RecordingAction.Cut());
        ada.Pause(100).Say(1000);
        run.Stop();
        Assert.Equal((400L * Millisecond, 1L * Second), (Assert.Single(run.Closed).StartSample, run.Closed[0].SampleCount));
    }

    [Fact]
    public void Continued_recording_counts_on_from_the_given_index()
    {
        using CaptureRun run = Run(firstIndexes: new Dictionary<ulong, int> { [CaptureRun.Ada] = 41 });
        using Talker ada = new(run);
        ada.Say(1000);
        run.Stop();
        Assert.Equal(41, Assert.Single(run.Closed).Key.Index);
        Assert.Equal(42, run.Track().NextFreeIndex);
    }

    [Fact]
    public void Quiet_frames_cut_and_are_not_stored_when_the_detector_is_on()
    {
        using CaptureRun run = Run(new CaptureOptions { Channels = 1, VadRmsThreshold = 500, VadSilenceChunks = 50 });
        using Talker ada = new(run);
        ada.Say(2000);
        ada.Level = 100;
        ada.Say(6000);
        ada.Level = 8000;
        ada.Say(2000);
        run.Stop();
        if (IsOpus)
        {
            Assert.Equal(10L * Second, Assert.Single(run.Closed).SampleCount); // the detector needs samples: everything is kept
            return;
        }
        Assert.Equal(2, run.Closed.Count);
        Assert.InRange(run.Closed[0].SampleCount, 2990 * Millisecond, 3100 * Millisecond);
        Assert.InRange(run.Closed[1].StartSample - run.Closed[0].StartSample, 7960 * Millisecond, 8040 * Millisecond);
    }

    [Fact]
    public void Quiet_frames_are_stored_when_the_detector_is_off()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run) { Level = 100 };
        ada.Say(6000);
        run.Stop();
        Assert.Equal(6L * Second, run.Closed.Sum(segment => segment.SampleCount));
    }

    [Fact]
    public void Stereo_files_have_two_channels()
    {
        using CaptureRun run = Run(new CaptureOptions());
        using Talker ada = new(run);
        ada.Say(1000);
        run.Stop();
        Assert.Equal(2, Assert.Single(run.Closed).Channels);
        if (!IsOpus) Assert.Equal(44 + (48_000 * 4), run.Closed[0].FileSize);
        Assert.Equal(2 * Second, CaptureRun.Read(run.Closed[0]).Length);
    }
}

public sealed class WavSegmentRulesTests() : SegmentRulesTests(SegmentFormat.Wav);

public sealed class OpusSegmentRulesTests() : SegmentRulesTests(SegmentFormat.Opus);
