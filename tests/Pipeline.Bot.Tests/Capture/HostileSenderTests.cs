using CsCheck;
using Pipeline.Audio.Ogg;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

public abstract class HostileSenderTests(SegmentFormat format) : CaptureSuite(format)
{
    private const int Millisecond = 48;

    [Fact]
    public void Clock_that_runs_away_cannot_take_the_track_into_the_future()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        for (int i = 0; i < 200; i++)
        {
            ada.Timestamp += 12_000; // 250 ms more than was spoken, with every packet
            ada.Say(20);
        }
        run.Stop();
        Assert.InRange(run.Closed.Max(segment => segment.StartSample + segment.SampleCount), 4000 * Millisecond, 5500 * Millisecond);
        run.Lane();
    }

    [Theory]
    [InlineData(1, 0)] // a jump with every packet
    [InlineData(2, 0)] // what looks like a source that begins again, with every second
    [InlineData(3, 9_600_000)] // and its clock with it
    [InlineData(50, 9_600_000)]
    public void Minute_of_hostile_numbers_makes_few_segments(int inARow, uint clockStep)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        for (int i = 0; i < 3000 / inARow; i++)
        {
            ada.Say(20 * inARow);
            ada.Sequence += 5000;
            ada.Timestamp += clockStep;
        }
        run.Stop();
        Assert.InRange(run.Closed.Count, 1, 66); // 6 by their length, and a budget of 60
        Assert.Equal(3000, run.Track().Health.Received);
        Assert.InRange(run.Closed.Max(segment => segment.StartSample + segment.SampleCount), 0, 72_000 * Millisecond);
        run.Lane();
    }

    [Fact]
    public void Voice_that_stops_and_starts_ten_times_a_second_stays_within_the_budget()
    {
        using CaptureRun run = Run(
            new CaptureOptions
            {
                Channels = 1,
                SilenceThreshold = TimeSpan.FromMilliseconds(60),
                MinimumSegmentDuration = TimeSpan.FromMilliseconds(20)
            });
        using Talker ada = new(run);
        for (int i = 0; i < 600; i++) ada.Say(20).Pause(80);
        run.Stop();
        Assert.InRange(run.Closed.Count, 60, 70);
        Assert.Equal(0, run.Track().Health.Lost);
    }

    [Theory]
    [InlineData(3000)] // another with each packet
    [InlineData(2)]
    [InlineData(3)]
    public void Minute_of_changing_sources_makes_few_segments_and_harms_nobody_else(int sources)
    {
        using CaptureRun run = Run();
        using Talker ada = new(run), grace = new(run, CaptureRun.Grace, ssrc: 1_000_000);
        for (int i = 0; i < 3000; i++)
        {
            ada.Ssrc = (uint)(10 + (i % sources));
            ada.Say(20);
            grace.Say(20);
        }
        run.Stop();
        Assert.InRange(run.Closed.Count(segment => segment.Key.UserId == CaptureRun.Ada), 1, 66); // 6 by their length, and a budget of 60
        Assert.Equal(3000, run.Track().Health.Received);
        Assert.InRange(run.Lane().Length, 0, 61_000 * Millisecond);
        ClosedSegment[] other = [.. run.Closed.Where(segment => segment.Key.UserId == CaptureRun.Grace)];
        Assert.Equal(Enumerable.Repeat(10_000L * Millisecond, 6), other.Select(segment => segment.SampleCount));
        Assert.Equal(other[0].StartSample + (60_000L * Millisecond), run.Lane(CaptureRun.Grace).Length);
        TrackHealth health = run.Track(CaptureRun.Grace).Health;
        Assert.Equal((3000L, 0L, 0L, 0L), (health.Received, health.Lost, health.Late, health.Concealed));
        Assert.DoesNotContain(run.Recording.Snapshot.Gaps, gap => gap.UserId != CaptureRun.Ada);
    }

    [Fact]
    public void Source_that_begins_again_loses_nothing_and_goes_on_in_its_file()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(2000);
        ada.Sequence += 30_000;
        ada.Say(2000);
        run.Stop();
        Assert.Equal(4000L * Millisecond, Assert.Single(run.Closed).SampleCount);
        Assert.Equal((2, 0, 0), (run.Track().Health.Epochs, run.Track().Health.Lost, run.Track().Health.Late));
    }

    [Fact]
    public void Clock_that_jumps_once_is_followed_by_arrival()
    {
        using CaptureRun run = Run();
        using Talker ada = new(run);
        ada.Say(3000);
        ada.Timestamp += 40 * 48_000;
        ada.Say(3000);
        ada.Timestamp -= 90 * 48_000;
        ada.Say(3000);
        run.Stop();
        Assert.InRange(run.Closed.Max(segment => segment.StartSample + segment.SampleCount), 8950 * Millisecond, 9300 * Millisecond);
        Assert.Equal(2, run.Track().Health.Reanchored);
        run.Lane();
    }

    [Fact]
    public void Any_frames_at_all_leave_valid_files_in_order()
    {
        Gen.Select(Gen.UInt[0, 2], Gen.UShort, Gen.UInt, Gen.Byte.Array[0, 60], Gen.Int[0, 700]).Array[1, 80].Sample(frames =>
        {
            using CaptureRun run = Run();
            foreach ((uint ssrc, ushort sequence, uint timestamp, byte[] opus, int wait) in frames)
            {
                run.AdvanceTo(run.Now + wait);
                AudioFrameKind kind = wait % 7 == 0 ? AudioFrameKind.Undecryptable : AudioFrameKind.Opus;
                run.Receive(CaptureRun.Ada, ssrc, (ushort)(sequence % 50), timestamp % 200_000, opus, kind);
            }
            run.Stop();
            short[] lane = run.Lane(isHonest: false);
            Assert.True(lane.Length <= (run.Now + 11_000) * Millisecond, $"{lane.Length / Millisecond} ms recorded in {run.Now} ms");
            Assert.Equal(frames.Length, run.Track().Health.Received);
            Assert.DoesNotContain(run.Closed, segment => segment.SampleCount == 0);
        }, iter: 60, seed: "0N0XIzNsQ0O2");
    }

    [Fact]
    public void Real_speech_comes_through_as_another_decoder_hears_it()
    {
        using CaptureRun run = Run();
        using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", "ada.opus"));
        OggOpusReader reader = new(file);
        using Audio.Opus.LibopusDecoder other = new(1);
        List<short> expected = [];
        short[] pcm = new short[Audio.Opus.OpusPacket.MaximumSamples];
        ushort sequence = 65_000;
        uint timestamp = uint.MaxValue - 100_000;
        for (double at = 500; reader.TryRead(out OggOpusPacket packet); at += packet.Samples / 48.0)
        {
            other.Decode(packet.Opus, pcm, out int samples);
            expected.AddRange(pcm.AsSpan(0, samples));
            run.AdvanceTo(at);
            run.Receive(CaptureRun.Ada, 1, sequence++, timestamp, packet.Opus);
            timestamp += (uint)packet.Samples;
        }
        run.Stop();
        short[] lane = run.Lane();
        short[] heard = lane[(500 * Millisecond)..((500 * Millisecond) + expected.Count)];
        if (IsOpus) AssertAlmostEqual(expected, heard, run.Closed);
        else Assert.Equal(expected.ToArray().AsSpan(), heard.AsSpan());
        Assert.Equal(0, run.Track().Health.Slipped);
    }

    // Behind a cut a decoder has heard the 320 ms before it, not everything: equal to 40 dB.
    private static void AssertAlmostEqual(List<short> expected, short[] heard, List<ClosedSegment> segments)
    {
        Assert.Equal(expected.Take((int)segments[0].SampleCount), heard.Take((int)segments[0].SampleCount));
        double signal = 0, noise = 0;
        for (int i = 0; i < heard.Length; i++)
        {
            signal += Math.Pow(expected[i], 2);
            noise += Math.Pow(expected[i] - heard[i], 2);
        }
        Assert.True(noise < signal * 1e-4, $"{10 * Math.Log10(signal / noise):F1} dB");
    }
}

public sealed class WavHostileSenderTests() : HostileSenderTests(SegmentFormat.Wav);

public sealed class OpusHostileSenderTests() : HostileSenderTests(SegmentFormat.Opus);
