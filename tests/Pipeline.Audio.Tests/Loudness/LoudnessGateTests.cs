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
}
