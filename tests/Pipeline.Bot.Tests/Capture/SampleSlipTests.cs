using Pipeline.Bot.Capture;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

public sealed class SampleSlipTests
{
    [Theory]
    [InlineData(960, 1)]
    [InlineData(960, 2)]
    [InlineData(120, 1)]
    [InlineData(2880, 2)]
    public void One_sample_more_or_less_leaves_a_tone_without_a_step(int samples, int channels)
    {
        foreach (int change in (int[])[1, -1])
        {
            short[] pcm = new short[(samples + 1) * channels];
            for (int i = 0; i < samples; i++) Fill(pcm, i, channels, Tone(i));
            if (change > 0) SampleSlip.Insert(pcm, samples, channels);
            else SampleSlip.Remove(pcm, samples, channels);
            int length = samples + change;
            Assert.Equal(Tone(0), pcm[0]);
            Assert.Equal(Tone(samples - 1), pcm[((length - 1) * channels) + channels - 1]);
            int greatest = 0, curvature = 0;
            for (int i = 2; i < length; i++)
            {
                greatest = Math.Max(greatest, Math.Abs(pcm[i * channels] - pcm[(i - 1) * channels]));
                curvature = Math.Max(curvature, Math.Abs(pcm[i * channels] - (2 * pcm[(i - 1) * channels]) + pcm[(i - 2) * channels]));
            }
            Assert.InRange(greatest, 1200, 1340); // the tone's own slope is 1309 at most
            Assert.InRange(curvature, 150, 190); // and its own curvature 171: a click would be many times that
        }
    }

    [Theory]
    [InlineData(20.016)]
    [InlineData(19.984)]
    public void Talk_that_follows_a_slow_or_a_fast_clock_has_no_step_either(double frameMilliseconds)
    {
        using CaptureRun run = new();
        using OpusEncoder encoder = new(bitrate: 96_000);
        short[] tone = new short[960];
        for (int frame = 0; frame < 900; frame++)
        {
            // A frame ends where the tone is loudest, so a sample that is missing or made up there is a step.
            for (int i = 0; i < tone.Length; i++) tone[i] = Tone((frame * 960) + i + 12);
            run.AdvanceTo(1000 + (frame * frameMilliseconds));
            run.Receive(CaptureRun.Ada, 5000, (ushort)frame, (uint)(frame * 960), encoder.Encode(tone));
        }
        run.Stop();
        Assert.InRange(run.Track().Health.Slipped, 100, 700);
        short[] lane = run.Lane();
        int first = Array.FindIndex(lane, value => value != 0) + 960, end = Array.FindLastIndex(lane, value => value != 0) - 960;
        Assert.InRange(end - first, 800 * 960, 900 * 960);
        int greatest = Enumerable.Range(first, end - first).Max(i => Math.Abs(lane[i] - lane[i - 1]));
        Assert.InRange(greatest, 1200, 1500); // the tone's own slope is 1309 at most
    }

    // The interpolation is exact for parabolas, so that each value is known.
    [Theory]
    [InlineData(120, 1)]
    [InlineData(180, 2)]
    [InlineData(960, 1)]
    [InlineData(960, 2)]
    public void Glide_over_five_milliseconds_in_the_middle_moves_what_is_behind_it_by_one_sample(int samples, int channels)
    {
        int glide = Math.Min(240, samples - 8), start = (samples - glide) / 2;
        short[] longer = Parabola(), shorter = Parabola();
        SampleSlip.Insert(longer, samples, channels);
        SampleSlip.Remove(shorter, samples, channels);
        for (int i = 0; i <= samples; i++)
        {
            double into = Math.Clamp((i - start) / (double)glide, 0, 1);
            for (int channel = 0; channel < channels; channel++)
            {
                Assert.Equal(At(i - into, channel), longer[(i * channels) + channel], tolerance: 1.3);
                if (i < samples - 1) Assert.Equal(At(i + into, channel), shorter[(i * channels) + channel], tolerance: 1.3);
            }
        }

        double At(double i, int channel) => (channel == 0 ? 1 : -1) * (Math.Pow(i - (samples / 2), 2) / 8);

        short[] Parabola() => [.. Enumerable.Range(0, (samples + 1) * channels)
            .Select(place => place / channels == samples ? (short)0 : (short)Math.Round(At(place / channels, place % channels)))];
    }

    // Noise shows each sample that is not as it was.
    [Theory]
    [InlineData(120, 112)] // the interpolation looks beyond both ends of the glide
    [InlineData(240, 232)]
    [InlineData(248, 240)]
    [InlineData(960, 240)]
    public void Glide_takes_its_place_to_the_sample(int samples, int glide)
    {
        Random random = new(5);
        short[] noise = [.. Enumerable.Range(0, samples).Select(_ => (short)random.Next(-20_000, 20_000))];
        short[] longer = [.. noise, 0], shorter = [.. noise];
        SampleSlip.Insert(longer, samples, channels: 1);
        SampleSlip.Remove(shorter, samples, channels: 1);
        int start = (samples - glide) / 2, end = start + glide;

        Assert.Equal(noise[..(start + 1)], longer[..(start + 1)]);
        Assert.NotEqual(noise[start + 1], longer[start + 1]);
        Assert.NotEqual(noise[end - 2], longer[end - 1]);
        Assert.Equal(noise[(end - 1)..], longer[end..]);

        Assert.Equal(noise[..(start + 1)], shorter[..(start + 1)]);
        Assert.NotEqual(noise[start + 1], shorter[start + 1]);
        Assert.NotEqual(noise[end], shorter[end - 1]);
        Assert.Equal(noise[(end + 1)..], shorter[end..^1]);
    }

    private static short Tone(int i) => (short)Math.Round(10_000 * Math.Sin(2 * Math.PI * 1000 * i / 48_000));

    private static void Fill(short[] pcm, int sample, int channels, short value)
    {
        for (int channel = 0; channel < channels; channel++) pcm[(sample * channels) + channel] = value;
    }
}
