using System.Runtime.InteropServices;
using Pipeline.Audio.Wav;

namespace Pipeline.Audio.Tests.Wav;

public sealed class SpeechWaveTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(48_000)]
    [InlineData((48_000 * 5 / 2) + 2)] // more than a second, and no multiple of three
    public void Tone_is_the_same_tone_with_a_third_of_the_samples(int samples)
    {
        short[] mono = [.. Enumerable.Range(0, samples).Select(i => (short)Math.Round(10_000 * Math.Sin(2 * Math.PI * 440 * i / 48_000)))];

        byte[] file = SpeechWave.Of(mono);

        Assert.True(WavFormat.TryReadHeader(file.AsSpan(0, WavFormat.HeaderSize), out WavFormat format));
        Assert.Equal(new WavFormat(1, 16_000), format);
        short[] heard = MemoryMarshal.Cast<byte, short>(file.AsSpan(WavFormat.HeaderSize)).ToArray();
        Assert.Equal(samples / 3, heard.Length);
        // Away from both ends, where the filter has all that it looks at; it delays by less than 1.5 samples, which 440 Hz show as 2,600.
        double energy = 0;
        for (int i = 100; i < heard.Length - 100; i++)
        {
            double said = 10_000 * Math.Sin(2 * Math.PI * 440 * i / 16_000);
            Assert.InRange(heard[i], said - 2600, said + 2600);
            energy += (double)heard[i] * heard[i];
        }
        if (heard.Length > 1000) Assert.InRange(Math.Sqrt(energy / (heard.Length - 200)), 7000, 7140);
    }

    [Fact]
    public void Nothing_is_a_file_of_nothing() => Assert.Equal(WavFormat.HeaderSize, SpeechWave.Of(ReadOnlyMemory<short>.Empty).Length);
}
