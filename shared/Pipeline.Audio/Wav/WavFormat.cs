using System.Buffers.Binary;

namespace Pipeline.Audio.Wav;

/// <summary>
/// The one layout that we write: RIFF/WAVE, one <c>fmt </c> chunk of 16 bytes with PCM (format 1), s16le, one <c>data</c> chunk.
/// </summary>
/// <param name="Channels">1 or 2, interleaved.</param>
/// <param name="SampleRate">Samples per second and channel.</param>
public readonly record struct WavFormat(int Channels, int SampleRate)
{
    public const int HeaderSize = 44;
    public const int BytesPerValue = 2;

    /// <summary>The data chunk's length field has 32 bits, and so has the RIFF length, which counts 36 bytes more.</summary>
    public const long MaximumDataBytes = uint.MaxValue - 36L - 3;

    /// <summary>Bytes of one sample of all channels.</summary>
    public int BytesPerSample => Channels * BytesPerValue;

    /// <summary>Writes the 44 bytes in front of <paramref name="dataBytes"/> bytes of samples.</summary>
    public void WriteHeader(Span<byte> header, long dataBytes)
    {
        uint length = checked((uint)dataBytes);
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], length + 36);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)Channels);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], (uint)SampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], (uint)(SampleRate * BytesPerSample));
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], (ushort)BytesPerSample);
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], BytesPerValue * 8);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], length);
    }

    /// <summary>Reads a header that <see cref="WriteHeader"/> wrote, whatever its two length fields say.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out WavFormat format)
    {
        format = default;
        if (header.Length < HeaderSize || !header.StartsWith("RIFF"u8) || !header[8..].StartsWith("WAVEfmt "u8)
            || !header[36..].StartsWith("data"u8)) return false;
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(header[22..]);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        bool pcm16 = BinaryPrimitives.ReadUInt16LittleEndian(header[20..]) == 1
            && BinaryPrimitives.ReadUInt16LittleEndian(header[34..]) == 16;
        if (!pcm16 || channels is < 1 or > 2 || rate is 0 or > 384_000) return false;
        format = new WavFormat(channels, (int)rate);
        return true;
    }
}
