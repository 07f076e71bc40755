using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>What is made up between two packets, and what a pause between them means, to the sample.</summary>
public sealed class FramePlacerTests
{
    private const int End = 10_960; // of the first packet

    private static readonly CaptureOptions Mono = new() { Channels = 1 };

    [Theory]
    [InlineData(1, 960, 1)]
    [InlineData(1, 120, 1)]
    [InlineData(1, 1440, 1)] // half a frame more is jitter of the sender's
    [InlineData(1, 1560, 0)]
    [InlineData(1, 1439, 0)] // no decoder makes up so few
    [InlineData(2, 960, 1)] // the numbers say two, the time one
    [InlineData(5, 5280, 5)]
    [InlineData(5, 5400, 0)]
    [InlineData(6, 5760, 0)]
    [InlineData(0, 960, 0)]
    public void Short_loss_is_made_up_as_far_as_time_passed(int missing, int gap, int madeUp)
    {
        using TrackParts track = Begun();
        Place(track, 2 + missing, End + gap);
        Assert.Equal((missing, madeUp, End + gap + 960L), (track.Counters.Lost, track.MadeUp, track.Placement.Position));
        Assert.Equal(gap + 1_920, track.Lane.Samples);
    }

    [Theory]
    [InlineData(6, 1, 1)]
    [InlineData(6, 0, 0)]
    [InlineData(6, 20_000, 6 * 960)]
    [InlineData(5, 20_000, 0)]
    public void Longer_loss_is_listed_as_far_as_time_passed(int missing, int gap, int listed)
    {
        using TrackParts track = Begun();
        Place(track, 2 + missing, End + gap);
        Assert.Equal(listed == 0 ? [] : [(End + gap - listed, listed)],
            track.Context.Gaps.Gaps.Select(one => ((int)one.StartSample, (int)one.SampleCount)));
    }

    [Fact]
    public void Longest_packet_is_made_up_once_and_the_rest_is_silence()
    {
        using TrackParts track = Begun();
        Place(track, 2, End, [0x19, 1, 2, 3, 4]); // two frames of 60 ms
        Assert.Equal(End + 5_760, track.Placement.Position);
        Place(track, 4, End + 5_760 + 8_640);
        Assert.Equal((1, End + 5_760 + 8_640 + 960L), (track.MadeUp, track.Placement.Position));
    }

    // What was learnt in the pause counts behind it; where talk goes on by the sender's own clock, it is followed by a sample.
    [Theory]
    [InlineData(0, 480, 479)]
    [InlineData(0, 481, 181)]
    [InlineData(1, 1440, 1439)]
    [InlineData(1, 1441, 1141)]
    [InlineData(2, 2400, 2399)]
    [InlineData(2, 2401, 2101)]
    public void Talk_goes_on_up_to_half_a_frame_behind_what_is_missing(int missing, int gap, int expected)
    {
        using TrackParts track = Begun();
        track.Placement.Settle();
        Packet behind = new() { Sequence = 2, Arrival = 30_000, Timestamp = 30_300 };
        track.Timeline.Observe(in behind, beginsTalk: true, afterMarker: false);
        track.Timeline.Decide(overflowed: false);
        Assert.Equal(TimelineState.Kept, track.Timeline.State);
        Place(track, 2 + missing, End + gap);
        Assert.Equal(End + expected + 960, track.Placement.Position);
    }

    [Fact]
    public void Talk_behind_a_silence_marker_takes_what_was_learnt_however_short_the_pause()
    {
        using TrackParts track = Begun();
        track.Placement.Settle();
        Place(track, 2, End, [0xF8, 0xFF, 0xFE]);
        Packet behind = new() { Sequence = 3, Arrival = 30_000, Timestamp = 30_300 };
        track.Timeline.Observe(in behind, beginsTalk: true, afterMarker: false);
        track.Timeline.Decide(overflowed: false);
        Place(track, 3, End + 960 + 480);
        Assert.Equal(End + 960 + 180 + 960, track.Placement.Position);
    }

    [Fact]
    public void New_source_knows_nothing_of_what_was_missing_before()
    {
        using TrackParts track = Begun();
        for (int sequence = 2; sequence < 7; sequence++)
            Place(track, sequence, End + (960 * (sequence - 2)), [], AudioFrameKind.Undecryptable);
        Assert.Equal(5, track.MadeUp);
        track.Placer.BeginEpoch();
        for (int sequence = 7; sequence < 13; sequence++)
            Place(track, sequence, End + (960 * (sequence - 2)), [], AudioFrameKind.Undecryptable);
        Assert.Equal((10, End + (11 * 960L)), (track.MadeUp, track.Placement.Position)); // and the sixth is silence

        using TrackParts other = Begun();
        Place(other, 4, 0, [], AudioFrameKind.Empty);
        Assert.Equal(2, other.Counters.Lost);
        other.Placer.BeginEpoch();
        Place(other, 50, End + 1_920);
        Assert.Equal((2L, 0), (other.Counters.Lost, other.MadeUp));
    }

    [Fact]
    public void Quiet_frames_cut_with_the_one_that_reaches_the_limit_and_those_that_are_heard_begin_the_count_again()
    {
        CaptureOptions options = new() { Channels = 1, VadRmsThreshold = 500, VadSilenceChunks = 10 };
        EnergyDetector detector = new(500);
        byte[][] frames = [TrackParts.Loud, .. Enumerable.Repeat(TrackParts.Quiet, 8), TrackParts.Loud,
            .. Enumerable.Repeat(TrackParts.Quiet, 20)];
        using TrackParts track = Begun(options), other = Begun(options);
        using Audio.Opus.IOpusDecoder decoder = other.Context.Codecs.CreateDecoder(1);
        short[] pcm = new short[5_760];
        decoder.Decode(TrackParts.Loud, pcm, out _);
        int quiet = 0, until = 0;
        while (quiet < 10)
        {
            decoder.Decode(frames[until++], pcm, out int samples);
            quiet = detector.IsAudible(pcm.AsSpan(0, samples)) ? 0 : quiet + 1;
        }
        for (int frame = 0; frame < until - 1; frame++) Place(track, 2 + frame, End + (960 * frame), frames[frame]);
        Assert.Empty(track.Closed);
        Place(track, 1 + until, End + (960 * (until - 1)), frames[until - 1]);
        Assert.Equal(960 * (1 + until), Assert.Single(track.Closed).SampleCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Missing_frame_is_what_the_decoder_makes_of_it(bool hasNext)
    {
        using TrackParts track = new(Mono with { MinimumSegmentDuration = TimeSpan.Zero });
        using Audio.Opus.IOpusDecoder decoder = track.Context.Codecs.CreateDecoder(1);
        track.Begin(10_000);
        Assert.True(track.Sound.TryAdd(TrackParts.Loud, arrival: 0, out _));
        byte[] next = hasNext ? TrackParts.Loud : [];
        track.Sound.MakeUp(960, next, arrival: 0, isWithinTalk: true);
        track.Placement.Close(padding: 0, arrival: 0);

        short[] heard = new short[960], missing = new short[960];
        decoder.Decode(TrackParts.Loud, heard, out _);
        if (hasNext) decoder.Recover(next, missing, 960);
        else decoder.Conceal(missing, 960);
        Assert.NotEqual(heard, missing);
        short[] expected = [.. heard, .. missing];
        Assert.Equal(expected, CaptureRun.Read(track.Closed[0]));
        Assert.Equal((hasNext ? 0L : 1L, hasNext ? 1L : 0L), (track.Counters.Concealed, track.Counters.Recovered));
    }

    private static TrackParts Begun(CaptureOptions? options = null)
    {
        TrackParts track = new(options ?? Mono);
        track.Begin(10_000);
        Place(track, 1, 10_000);
        return track;
    }

    private static void Place(TrackParts track, int sequence, int timestamp, byte[]? opus = null,
        AudioFrameKind kind = AudioFrameKind.Opus)
    {
        Packet packet = new() { Sequence = sequence, Timestamp = timestamp, Arrival = Math.Max(timestamp, 10_000), Kind = kind };
        track.Placer.Place(in packet, opus ?? TrackParts.Loud);
    }
}
