using System.Runtime.InteropServices;
using NAudio.Wave;
using NAudio.Wave.SampleProviders;

namespace Pipeline.Audio.Wav;

/// <summary>Sound as services that recognise speech want it: WAV, one channel, 16 kHz, s16le; 32 kB a second.</summary>
public static class SpeechWave
{
    public const int SampleRate = 16_000;

    /// <summary>Samples at 48 kHz for one of these.</summary>
    public const int Ratio = 3;

    /// <param name="mono">s16 at 48 kHz; the file is as long.</param>
    public static byte[] Of(ReadOnlyMemory<short> mono)
    {
        WdlResamplingSampleProvider resampler = new(new Source(mono), SampleRate);
        int samples = mono.Length / Ratio;
        byte[] file = new byte[WavFormat.HeaderSize + (samples * WavFormat.BytesPerValue)];
        new WavFormat(1, SampleRate).WriteHeader(file, samples * WavFormat.BytesPerValue);
        Span<short> target = MemoryMarshal.Cast<byte, short>(file.AsSpan(WavFormat.HeaderSize));
        float[] part = new float[SampleRate];
        for (int at = 0; at < samples;)
        {
            int read = resampler.Read(part.AsSpan(0, Math.Min(part.Length, samples - at)));
            if (read == 0) break;
            for (int i = 0; i < read; i++) target[at + i] = Whole(part[i]);
            at += read;
        }
        return file;
    }

    private static short Whole(float value) =>
        (short)Math.Clamp(MathF.Round(value * short.MaxValue), short.MinValue, short.MaxValue);

    private sealed class Source(ReadOnlyMemory<short> mono) : ISampleProvider
    {
        private int at;

        public WaveFormat WaveFormat { get; } = WaveFormat.CreateIeeeFloatWaveFormat(48_000, 1);

        public int Read(Span<float> buffer)
        {
            int count = Math.Min(buffer.Length, mono.Length - at);
            ReadOnlySpan<short> values = mono.Span.Slice(at, count);
            for (int i = 0; i < count; i++) buffer[i] = values[i] / 32768f;
            at += count;
            return count;
        }
    }
}
