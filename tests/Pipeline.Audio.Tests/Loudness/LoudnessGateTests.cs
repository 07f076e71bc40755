using Pipeline.Audio.Loudness;
using Pipeline.Audio.Mix;

namespace Pipeline.Audio.Tests.Loudness;

/// <summary>The gates of BS.1770-4 on energies that are known, and the mix on samples that are known.</summary>
public sealed class LoudnessGateTests
{
    [Fact]
    public void Level_is_that_of_the_standard()
    {
        Assert.Equal(-0.691, IntegratedLoudness.Level(1), 9);
        Assert.Equal(-10.691, IntegratedLoudness.Level(0.1), 9);
        Assert.Equal(double.NegativeInfinity, IntegratedLoudness.Level(0));
        Assert.Equal(double.NegativeInfinity, IntegratedLoudness.Level(-1));
    }

    [Fact]
    public void Four_blocks_are_one_and_three_are_none()
    {
        Assert.Equal((0.5, 1), IntegratedLoudness.Gated([0.2, 0.4, 0.6, 0.8]));
        Assert.Equal((0.0, 0), IntegratedLoudness.Gated([1, 1, 1]));
        Assert.Null(IntegratedLoudness.Of([1, 1, 1]));
        Assert.Equal(-0.691, IntegratedLoudness.Of([1, 1, 1, 1])!.Value, 9);
        (double power, int count) = IntegratedLoudness.Gated([1, 1, 1, 1, 0.6]);
        Assert.Equal((0.95, 2), (Math.Round(power, 9), count));
    }

    /// <summary>What is far softer than the rest does not count; what is nearly as loud does.</summary>
    [Fact]
    public void Soft_blocks_are_gated_by_the_loud_ones()
    {
        double[] loud = [.. Enumerable.Repeat(0.1, 40)];
        double alone = IntegratedLoudness.Of(loud)!.Value;
        (double power, int count) = IntegratedLoudness.Gated([.. loud, .. Enumerable.Repeat(0.0001, 40)]);
        Assert.Equal(40, count); // three blocks that overlap are loud enough to stay: 37 and 3
        Assert.InRange(IntegratedLoudness.Level(power), alone - 0.3, alone);
        (_, int both) = IntegratedLoudness.Gated([.. loud, .. Enumerable.Repeat(0.05, 40)]);
        Assert.Equal(77, both);
        Assert.Null(IntegratedLoudness.Of([.. Enumerable.Repeat(1e-8, 40)])); // under -70 LUFS
        Assert.NotNull(IntegratedLoudness.Of([.. Enumerable.Repeat(2e-7, 40)]));
    }

    [Fact]
    public void Energy_is_kept_for_every_hundred_milliseconds_whole()
    {
        LoudnessMeter meter = new(1);
        short[] tone = [.. Enumerable.Range(0, LoudnessMeter.BlockSamples * 3).Select(i =>
            (short)(8000 * Math.Sin(2 * Math.PI * 1000 * i / 48_000)))];
        meter.Add(tone.AsSpan(0, LoudnessMeter.BlockSamples - 1));
        Assert.Empty(meter.Energies);
        meter.Add(tone.AsSpan(LoudnessMeter.BlockSamples - 1, 1));
        Assert.Single(meter.Energies);
        meter.Add(tone.AsSpan(LoudnessMeter.BlockSamples));
        Assert.Equal(3, meter.Energies.Count);
        LoudnessMeter once = new(1);
        once.Add(tone);
        Assert.Equal(once.Energies, meter.Energies);
        // A tone of 1 kHz is weighed with +0.691 dB, so that its level is that of its samples.
        double square = 8000.0 / 32768 * (8000.0 / 32768) / 2;
        Assert.InRange(IntegratedLoudness.Level(once.Energies[2]) - (10 * Math.Log10(square)), -0.05, 0.05);
        LoudnessMeter stereo = new(2);
        stereo.Add(SpokenPcm.Twice(tone));
        Assert.Equal(2 * once.Energies[2], stereo.Energies[2], 9);
    }

    /// <summary>A gain moves over to its new value in the window's first second, and what lies before the window has the old one.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2_400)]
    public void Gain_moves_over_within_a_second(int preRoll)
    {
        const int Window = 60_000;
        int samples = preRoll + Window;
        short[] mono = [.. Enumerable.Repeat((short)8192, samples)];
        MixWindow mix = new(samples, preRoll);
        mix.Add(mono, channels: 1, before: 0.5, gain: 1);
        for (int i = 0; i < samples; i++)
        {
            double gain = Math.Clamp(0.5 + (0.5 * (i - preRoll) / 48_000), 0.5, 1);
            Assert.Equal(0.25 * gain, mix.Sum[2 * i], 0.000_001);
            Assert.Equal(mix.Sum[2 * i], mix.Sum[(2 * i) + 1]);
        }
        short[] pcm = mix.Finish(before: 1, gain: 0.5);
        Assert.Equal(samples * 2, pcm.Length);
        for (int i = 0; i < samples; i++)
        {
            double track = Math.Clamp(0.5 + (0.5 * (i - preRoll) / 48_000), 0.5, 1);
            double whole = Math.Clamp(1 - (0.5 * (i - preRoll) / 48_000), 0.5, 1);
            Assert.InRange(pcm[2 * i] - (8192 * track * whole), -1.01, 1.01);
        }
    }

    [Fact]
    public void Sides_of_a_stereo_track_stay_apart()
    {
        short[] stereo = [.. Enumerable.Range(0, 2_000).Select(i => (short)(i % 2 == 0 ? 1000 : -300))];
        MixWindow mix = new(1_000, 0);
        mix.Add(stereo, channels: 2, before: 1, gain: 1);
        mix.Add([.. Enumerable.Repeat((short)50, 1_000)], channels: 1, before: 2, gain: 2);
        short[] pcm = mix.Finish(1, 1);
        for (int i = 0; i < 1_000; i++) Assert.Equal((1100, -200), (pcm[2 * i], pcm[(2 * i) + 1]));
    }

    /// <summary>Behind the ramp eight values are added at a time: to the bit what one at a time gives, the rest included.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Values_behind_the_ramp_are_added_to_the_bit(int channels)
    {
        const int Samples = 48_000 + 1_003, PreRoll = 7;
        short[] pcm = Noise(Samples * channels);
        MixWindow mix = new(Samples, PreRoll);
        mix.Add(pcm, channels, before: 0.3, gain: 0.7);
        mix.Add(pcm, channels, before: 0.7, gain: 0.7);
        float factor = (float)(0.7 / 32768);
        for (int value = (48_000 + PreRoll) * 2; value < Samples * 2; value++)
        {
            float one = pcm[channels == 2 ? value : value / 2] * factor;
            Assert.Equal(one + one, mix.Sum[value]);
        }
    }

    /// <summary>Both channels are weighed at once: to the bit what each by itself gives, and in the order of the samples.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Energies_are_those_of_the_plain_filters_to_the_bit(int channels)
    {
        double[] shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585];
        double[] highPass = [1, -2, 1, -1.99004745483398, 0.99007225036621];
        short[] pcm = Noise(4_800 * 3 * channels);
        double[,] delays = new double[channels, 4];
        List<double> energies = [];
        double sum = 0;
        for (int i = 0; i < pcm.Length; i++)
        {
            int channel = i % channels;
            double weighted = Weigh(Weigh(pcm[i] / 32768f, shelf, channel, 0), highPass, channel, 2);
            sum += weighted * weighted;
            if ((i + 1) % (4_800 * channels) != 0) continue;
            energies.Add(sum / 4_800);
            sum = 0;
        }
        LoudnessMeter meter = new(channels);
        meter.Add(pcm.AsSpan(0, 1_000 * channels));
        meter.Add(pcm.AsSpan(1_000 * channels));
        Assert.Equal(energies, meter.Energies);

        double Weigh(double x, double[] c, int channel, int at)
        {
            double y = (c[0] * x) + delays[channel, at];
            delays[channel, at] = (c[1] * x) - (c[3] * y) + delays[channel, at + 1];
            delays[channel, at + 1] = (c[2] * x) - (c[4] * y);
            return y;
        }
    }

    private static short[] Noise(int values)
    {
        Random random = new(5);
        return [.. Enumerable.Range(0, values).Select(_ => (short)random.Next(short.MinValue, short.MaxValue + 1))];
    }
}
