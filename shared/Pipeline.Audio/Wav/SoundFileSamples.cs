using System.Buffers.Binary;

namespace Pipeline.Audio.Wav;

/// <summary>
/// The samples of a WAV or AIFF file as floats, full scale at 1. Integers are read from whole bytes, in whose upper bits samples of fewer
/// bits stand (WAV: "Multimedia Programming Interface and Data Specifications", AIFF 1.3: "Sound Data Chunk").
/// </summary>
/// <param name="input">Seekable; stays the caller's, and is read by nobody else meanwhile.</param>
internal sealed class SoundFileSamples(Stream input, SoundFileHeader header)
{
    private readonly byte[] bytes = new byte[4800 * header.BlockAlign];
    private long given;

    /// <param name="samples"><c>[samples, channels]</c>.</param>
    /// <returns>Samples per channel; 0 at the end, which may be before the one that the header names.</returns>
    public int Read(Span<float> samples)
    {
        int wanted = (int)Math.Min(Math.Min(samples.Length / header.Channels, 4800), header.SampleCount - given);
        input.Position = header.DataAt + (given * header.BlockAlign);
        int read = input.ReadAtLeast(bytes.AsSpan(0, wanted * header.BlockAlign), wanted * header.BlockAlign, throwOnEndOfStream: false);
        int count = read / header.BlockAlign;
        int width = header.BlockAlign / header.Channels;
        for (int i = 0; i < count * header.Channels; i++) samples[i] = Sample(bytes.AsSpan(i * width, width));
        given += count;
        return count;
    }

    private float Sample(Span<byte> sample)
    {
        if (header.IsAiff) sample.Reverse();
        if (header.IsFloat && sample.Length == 8) return (float)BinaryPrimitives.ReadDoubleLittleEndian(sample);
        if (header.IsFloat) return BinaryPrimitives.ReadSingleLittleEndian(sample);
        int value = sample.Length switch
        {
            1 when !header.IsAiff => (sample[0] ^ 0x80) << 24, // of WAV bytes alone have no sign
            1 => sample[0] << 24,
            2 => BinaryPrimitives.ReadInt16LittleEndian(sample) << 16,
            3 => (sample[0] << 8) | (sample[1] << 16) | (sample[2] << 24),
            _ => BinaryPrimitives.ReadInt32LittleEndian(sample),
        };
        return value / 2147483648f;
    }
}
