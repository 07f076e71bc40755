using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>The small parts of capture by themselves: who is taken when, what is a stretch, how a clock is followed.</summary>
public sealed class CaptureRuleTests
{
    private const ulong Ada = 1, Ben = 2;

    [Fact]
    public void Frame_is_judged_by_its_arrival_on_either_side_of_a_refusal()
    {
        Consent consent = new([Ada]);
        Assert.Equal((true, false, 1), (consent.IsOptedOut(Ada), consent.IsTaken(Ada), consent.RefusalsOf(Ada)));
        Assert.False(consent.OptOut(Ada));
        Assert.True(consent.Refuses(Ada, 99));
        Assert.True(consent.OptIn(Ada, 100));
        Assert.False(consent.OptIn(Ada, 200));
        Assert.Equal((true, false), (consent.Refuses(Ada, 99), consent.Refuses(Ada, 100)));
        Assert.Equal((false, true, 1), (consent.IsOptedOut(Ada), consent.IsTaken(Ada), consent.RefusalsOf(Ada)));
        object version = consent.Version;
        Assert.True(consent.OptOut(Ada));
        Assert.NotEqual(version, consent.Version);
        Assert.Equal((true, 2, 0), (consent.Refuses(Ada, 100), consent.RefusalsOf(Ada), consent.RefusalsOf(Ben)));
        Assert.True(consent.OptOut([Ben, Ada]));
        Assert.Equal([Ada, Ben], consent.OptedOut);
        Assert.Equal((2, 1), (consent.RefusalsOf(Ada), consent.RefusalsOf(Ben)));
        Assert.False(consent.OptIn(77, 100)); // never said no
        Assert.Equal((false, false), (consent.Refuses(77, 0), consent.Agree(77, 0)));
    }

    [Fact]
    public void Where_agreement_is_demanded_frames_count_from_it_on()
    {
        Consent consent = new([Ben], agreed: [Ada, Ben]);
        Assert.Equal((true, 1), (consent.DemandsAgreement, consent.AgreedCount)); // a no outweighs an older yes
        Assert.Equal((false, true, true), (consent.Refuses(Ada, long.MinValue), consent.IsTaken(Ada), consent.HasAgreed(Ada)));
        Assert.False(consent.Agree(Ada, 5));
        Assert.True(consent.Agree(77, 100));
        Assert.Equal((true, false), (consent.Refuses(77, 99), consent.Refuses(77, 100)));
        Assert.True(consent.OptOut(77));
        Assert.True(consent.OptIn(77, 200));
        Assert.Equal((true, false), (consent.Refuses(77, 300), consent.IsTaken(77))); // it has to be given again
        Assert.True(consent.Agree(77, 250));
        Assert.Equal((true, false), (consent.Refuses(77, 249), consent.Refuses(77, 250)));
        Assert.True(consent.Refuses(78, 0));
        Consent free = new([]);
        Assert.Equal((false, true, false), (free.DemandsAgreement, free.HasAgreed(1), free.Refuses(1, 0)));
    }

    [Fact]
    public void Pause_covers_what_arrives_from_its_beginning_to_before_its_end()
    {
        OffTheRecord paused = new();
        Assert.Equal((false, false, false), (paused.IsOn, paused.Covers(0), paused.End(5)));
        Assert.True(paused.Begin(10));
        Assert.False(paused.Begin(11));
        Assert.Equal((true, false, true, true), (paused.IsOn, paused.Covers(9), paused.Covers(10), paused.Covers(long.MaxValue - 1)));
        Assert.True(paused.End(20));
        Assert.False(paused.End(21));
        Assert.Equal((false, true, false, 10, 20), (paused.IsOn, paused.Covers(19), paused.Covers(20), paused.Since, paused.Until));
    }

    /// <summary>A frame may wait two seconds for its key, and somebody press the button twice meanwhile.</summary>
    [Fact]
    public void Pause_covers_what_arrived_in_it_after_further_pauses_have_begun()
    {
        OffTheRecord paused = new();
        paused.Begin(10);
        paused.End(20);
        paused.Begin(30);
        Assert.Equal((false, true, true, true, false, false, true),
            (paused.Covers(9), paused.Covers(10), paused.Covers(15), paused.Covers(19), paused.Covers(20), paused.Covers(29),
            paused.Covers(30)));
        for (int i = 4; i < 64; i++)
        {
            paused.End((i * 10) - 5);
            paused.Begin(i * 10);
        }
        Assert.Equal((true, true, false), (paused.Covers(15), paused.Covers(30), paused.Covers(35)));
        for (int i = 64; i < 70; i++)
        {
            Assert.Equal(i <= 67, paused.Covers(15)); // 64 are remembered beside the last one
            paused.End((i * 10) - 5);
            paused.Begin(i * 10);
        }
    }

    [Theory]
    [InlineData(48_000, 1)] // a second between two frames is one stretch
    [InlineData(48_001, 2)]
    public void Frames_without_a_track_are_stretches(int pause, int expected)
    {
        GapLog log = new();
        TracklessSpeakers speakers = new(log);
        speakers.Note(Ada, 1000);
        speakers.Note(Ada, 1960);
        speakers.Note(Ada, 500); // late: the stretch keeps its length
        speakers.Note(Ada, 2920 + pause);
        speakers.Note(Ben, 5000);
        RecordingGap[] all = [.. log.Gaps.Concat(speakers.Running).Where(gap => gap.UserId == Ada).OrderBy(gap => gap.StartSample)];
        Assert.Equal(expected, all.Length);
        Assert.Equal(expected == 1 ? (1000, 1920 + pause + 960) : (1000L, 1920L), (all[0].StartSample, all[0].SampleCount));
        Assert.All(all, gap => Assert.Equal("capacity", gap.Reason));
        Assert.Equal(2, speakers.Count);
    }

    [Fact]
    public void Stretch_without_a_track_is_listed_when_it_has_ended()
    {
        GapLog log = new();
        TracklessSpeakers speakers = new(log);
        speakers.Note(Ada, 1000);
        speakers.Flush(1960);
        Assert.Empty(log.Gaps);
        speakers.Flush(1961);
        Assert.Equal((1000, 960), (Assert.Single(log.Gaps).StartSample, log.Gaps[0].SampleCount));
        Assert.Empty(speakers.Running);
        speakers.Flush(long.MaxValue);
        Assert.Single(log.Gaps);
    }

    [Fact]
    public void Thousand_speakers_without_a_track_are_told_apart()
    {
        TracklessSpeakers speakers = new(new GapLog());
        for (ulong user = 1; user <= 1001; user++) speakers.Note(user, 0);
        speakers.Note(5, 960);
        Assert.Equal((1000, 1000), (speakers.Count, speakers.Running.Count()));
        Assert.Equal(1920, speakers.Running.Single(gap => gap.UserId == 5).SampleCount);
        Assert.DoesNotContain(speakers.Running, gap => gap.UserId == 1001);
    }

    [Theory]
    [InlineData(-3, 1, true)]
    [InlineData(3, 1, true)]
    [InlineData(1, 1, true)]
    [InlineData(0, 1, false)] // the same once more proves nothing
    [InlineData(-4, 1, false)]
    [InlineData(4, 1, false)]
    [InlineData(1, 2, false)]
    public void Source_that_begins_again_shows_two_packets_near_each_other(int step, uint ssrc, bool expected)
    {
        SuspectFrame suspect = new();
        byte[] opus = [.. Enumerable.Range(0, 2000).Select(value => (byte)value)];
        AudioFrame first = Frame(65_535, 1, opus[..10]), next = Frame((ushort)(65_535 + step), ssrc, []);
        Assert.False(suspect.IsProvenBy(in next));
        suspect.Hold(in first, 77);
        suspect.Hold(Frame(65_535, 1, opus), 78); // the later one, and longer than any before
        Assert.Equal((true, 78d), (suspect.IsHeld, suspect.Arrival));
        Assert.Equal(expected, suspect.IsProvenBy(in next));
        AudioFrame kept = suspect.Frame;
        Assert.Equal(opus, kept.Opus.ToArray());
        Assert.Equal((Ada, 1u, (ushort)65_535, 9u, 8L), (kept.UserId, kept.Ssrc, kept.SequenceNumber, kept.Timestamp, kept.ReceivedAt));
        suspect.Clear();
        Assert.False(suspect.IsHeld || suspect.IsProvenBy(in next));
    }

    [Fact]
    public void Clock_is_followed_by_a_sample_in_20_ms_until_less_than_one_is_left()
    {
        SlipPace pace = default;
        Assert.Equal(0, pace.Next(96, 96, 960)); // within the tolerance
        Assert.Equal(1, pace.Next(97, 96, 960));
        Assert.Equal(0, pace.Next(96, 96, 480));
        Assert.Equal(1, pace.Next(96, 96, 480)); // it goes on below the tolerance
        Assert.Equal(-1, pace.Next(-1, 96, 960));
        Assert.Equal(0, pace.Next(0.9, 96, 960));
        Assert.Equal(0, pace.Next(50, 96, 960)); // and ends there
        for (int i = 0; i < 10; i++) pace.Next(50, 96, 2880);
        Assert.Equal([1, 1, 0], new[] { pace.Next(200, 96, 480), pace.Next(200, 96, 480), pace.Next(200, 96, 0) }); // 40 ms saved up
    }

    [Theory]
    [InlineData(96, 0)]
    [InlineData(97, 97)]
    [InlineData(-97, -97)]
    [InlineData(480, 480)]
    [InlineData(481, 480)]
    [InlineData(-900, -480)]
    public void Silence_takes_the_whole_correction_that_fits(double error, int expected)
    {
        SlipPace pace = default;
        Assert.Equal(expected, pace.AtOnce(error, 96, 480));
        Assert.Equal(0, pace.AtOnce(50, 96, 480));
    }

    [Fact]
    public void Correction_that_has_begun_in_talk_is_finished_in_silence()
    {
        SlipPace pace = default;
        Assert.Equal(1, pace.Next(97, 96, 960));
        Assert.Equal(50, pace.AtOnce(50, 96, 480));
        Assert.Equal(0, pace.AtOnce(50, 96, 480));
    }

    [Theory]
    [InlineData(0, 0, true)] // no threshold: all is speech
    [InlineData(100, 100, true)]
    [InlineData(100, 99, false)]
    [InlineData(100, -100, true)]
    [InlineData(32_767, -32_768, true)]
    public void Frame_is_speech_from_the_threshold_on(int threshold, short value, bool expected) =>
        Assert.Equal(expected, new EnergyDetector(threshold).IsAudible([.. Enumerable.Repeat(value, 960)]));

    [Fact]
    public void Energy_is_that_of_the_whole_frame() =>
        Assert.False(new EnergyDetector(100).IsAudible([141, 0, 141, 0])); // 99.7

    [Fact]
    public void Who_is_heard_speaks_until_300_ms_after_the_last_loud_frame()
    {
        using CaptureRun run = new();
        using OpusEncoder encoder = new(bitrate: 96_000);
        short[] loud = [.. Enumerable.Range(0, 960).Select(i => (short)(10_000 * Math.Sin(i / 8.0)))];
        for (int frame = 0; frame < 20; frame++)
        {
            run.AdvanceTo(1000 + (20 * frame));
            run.Receive(CaptureRun.Ada, 5000, (ushort)frame, (uint)(frame * 960), encoder.Encode(loud));
        }
        run.AdvanceTo(1620);
        Assert.True(run.Track().Speaking);
        run.AdvanceTo(1680);
        Assert.False(run.Track().Speaking);
    }

    [Fact]
    public void Missing_audio_of_one_reason_that_lies_together_is_one_gap()
    {
        GapLog log = new();
        TrackGaps gaps = new(log, Ada);
        log.Add(null, 100, 0, "loss");
        log.Add(null, 100, -1, "loss");
        gaps.Add(100, 0, "loss");
        gaps.Add(100, -5, "loss");
        Assert.Null(gaps.Pending);
        gaps.Add(100, 10, "loss");
        gaps.Add(110, 5, "loss");
        Assert.Equal((100, 15), (gaps.Pending!.StartSample, gaps.Pending.SampleCount));
        Assert.Empty(log.Gaps);
        gaps.Add(116, 5, "loss");
        gaps.Add(121, 5, "spool");
        gaps.Drop();
        gaps.Flush();
        Assert.Equal([(100L, 15L), (116, 5)], log.Gaps.Select(gap => (gap.StartSample, gap.SampleCount)));
        Assert.All(log.Gaps, gap => Assert.Equal((Ada, "loss"), (gap.UserId!.Value, gap.Reason)));
        gaps.Add(200, 1, "loss");
        gaps.Flush();
        Assert.Null(gaps.Pending);
        gaps.Flush();
        Assert.Equal(3, log.Gaps.Length);
    }

    private static AudioFrame Frame(ushort sequence, uint ssrc, byte[] opus) => new()
    {
        Kind = AudioFrameKind.Opus,
        UserId = Ada,
        Ssrc = ssrc,
        SequenceNumber = sequence,
        Timestamp = 9,
        ReceivedAt = 8,
        Opus = opus,
    };
}
