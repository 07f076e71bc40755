using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Audio.Mp3;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Mp3;

/// <summary>Windows of libmp3lame, read by ffmpeg.</summary>
public sealed class Mp3EncoderTests : IDisposable
{
    private const int Window = 250 * Mp3Encoder.FrameSamples;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 128)]
    public void Windows_are_the_bytes_of_one_run(int channels, int kilobits)
    {
        Assert.SkipUnless(Mp3Encoder.IsAvailable, "libmp3lame is not installed");
        short[] pcm = Sound((3 * Window) + 5000, channels);
        Assert.Equal(Encode(pcm, channels, kilobits, pcm.Length), Encode(pcm, channels, kilobits, Window));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 1152)]
    [InlineData(2, 100_000)]
    [InlineData(2, Window)]
    [InlineData(2, (2 * Window) + 1)]
    public void Players_that_skip_what_the_encoder_added_get_every_sample(int channels, int samples)
    {
        Assert.SkipUnless(Mp3Encoder.IsAvailable, "libmp3lame is not installed");
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        short[] pcm = Sound(samples, channels);
        short[] heard = Decode(Encode(pcm, channels, 64 * channels, Window));
        Assert.Equal(samples * channels, heard.Length);
        if (samples < 100_000) return;
        (int best, double ratio) = Enumerable.Range(-3, 7)
            .Select(lag => (lag,
            Signal.RatioDecibels(pcm.AsSpan(10_000 * channels, 80_000 * channels),
            heard.AsSpan((10_000 + lag) * channels, 80_000 * channels))))
            .MaxBy(pair => pair.Item2);
        Assert.True(best == 0 && ratio > 10, $"{ratio:F1} dB at a lag of {best}");
    }

    private static short[] Sound(int samples, int channels) => channels == 1 ? SpokenPcm.Mono(samples) : SpokenPcm.Stereo(samples);

    private static byte[] Encode(short[] pcm, int channels, int kilobits, int window)
    {
        int samples = pcm.Length / channels;
        ArrayBufferWriter<byte> body = new();
        long frames = 0;
        for (int start = 0; start < samples; start += window)
        {
            int preRoll = start == 0 ? 0 : Mp3Encoder.PreRollSamples, end = Math.Min(samples, start + window);
            frames += Mp3Encoder.Write(pcm.AsSpan((start - preRoll) * channels, (end - start + preRoll) * channels), channels, kilobits,
                preRoll, end == samples, body);
        }
        return [.. Mp3Encoder.WriteInfoFrame(channels, kilobits, frames, samples), .. body.WrittenSpan];
    }

    private short[] Decode(byte[] bytes)
    {
        string file = folder.Combine("sound.mp3"), raw = folder.Combine("decoded");
        File.WriteAllBytes(file, bytes);
        ExternalTool.Run("ffmpeg", "-v", "error", "-y", "-i", file, "-f", "s16le", raw);
        return MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(raw)).ToArray();
    }
}
