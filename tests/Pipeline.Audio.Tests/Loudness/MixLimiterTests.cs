using NAudio.Effects;
using NAudio.Wave;
using Pipeline.Audio.Mix;

namespace Pipeline.Audio.Tests.Loudness;

/// <summary>The mix looks for peaks between samples only near loud ones: nothing of it is to be heard.</summary>
public sealed class MixLimiterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gives_the_samples_of_a_limiter_that_looks_everywhere(int seed)
    {
        // Ten seconds of tones near the quarter of the rate, whose peaks lie between samples, from silence to twice full scale.
        const int Samples = 480_000;
        Random random = new(seed);
        short[] pcm = new short[Samples * 2];
        for (int start = 0; start < Samples; start += 6_000)
        {
            double level = random.Next(4) == 0 ? 1 : random.NextDouble() * 0.3, pitch = 2 * Math.PI * (0.2 + (random.NextDouble() * 0.06));
            for (int i = start; i < start + 6_000; i++)
                pcm[2 * i] = pcm[(2 * i) + 1] = (short)(32_000 * level * Math.Sin((pitch * i) + 0.8));
        }
        MixWindow mix = new(Samples, preRoll: 0);
        mix.Add(pcm, channels: 2, before: 2, gain: 2);

        LimiterEffect everywhere = new() { CeilingDb = MixWindow.CeilingDecibels, TruePeak = true };
        everywhere.Configure(WaveFormat.CreateIeeeFloatWaveFormat(48_000, 2));
        float[] expected = [.. mix.Sum, .. new float[everywhere.LatencySamples * 2]];
        everywhere.Process(expected);

        short[] given = mix.Finish(before: 1, gain: 1);
        Assert.Equal(expected.Skip(everywhere.LatencySamples * 2).Select(value => (short)MathF.Round(value * 32_768)), given);
        Assert.InRange(given.Max(), 20_000, 28_300); // it had to limit
    }
}
