using System.Buffers.Binary;
using Pipeline.Audio.Wav;

namespace Pipeline.TestKit.Stage;

/// <summary>
/// Reads 16-bit PCM WAV files of anybody (chunks in any order, unknown ones skipped) whole into memory.
/// </summary>
public static class WavReader
{
    /// <returns>The format and the values <c>[samples, channels]</c>.</returns>
    /// <exception cref="InvalidDataException">Not RIFF/WAVE, not 16-bit PCM, or cut off; names the offset.</exception>
    public static (WavFormat Format, short[] Pcm) Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < 12 || !bytes.AsSpan().StartsWith("RIFF"u8) || !bytes.AsSpan(8).StartsWith("WAVE"u8))
            throw Invalid(path, 0, "no RIFF/WAVE header");
        WavFormat? format = null;
        int offset = 12;
        while (offset + 8 <= bytes.Length)
        {
            ReadOnlySpan<byte> name = bytes.AsSpan(offset, 4);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset + 4));
            if (length > bytes.Length - offset - 8) throw Invalid(path, offset, $"a chunk of {length} bytes is cut off");
            ReadOnlySpan<byte> body = bytes.AsSpan(offset + 8, (int)length);
            if (name.SequenceEqual("fmt "u8)) format = ReadFormat(path, offset, body);
            if (name.SequenceEqual("data"u8)) return (format ?? throw Invalid(path, offset, "data before the format"), ToValues(body));
            offset += 8 + (int)length + (int)(length & 1);
        }
        throw Invalid(path, offset, "no data chunk");
    }

    private static WavFormat ReadFormat(string path, int offset, ReadOnlySpan<byte> body)
    {
        bool pcm16 = body.Length >= 16 && BinaryPrimitives.ReadUInt16LittleEndian(body) is 1 or 0xFFFE
            && BinaryPrimitives.ReadUInt16LittleEndian(body[14..]) == 16;
        if (!pcm16) throw Invalid(path, offset, "not 16-bit PCM");
        return new WavFormat(BinaryPrimitives.ReadUInt16LittleEndian(body[2..]), (int)BinaryPrimitives.ReadUInt32LittleEndian(body[4..]));
    }

    private static short[] ToValues(ReadOnlySpan<byte> body)
    {
        short[] values = new short[body.Length / 2];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt16LittleEndian(body[(2 * i)..]);
        return values;
    }

    private static InvalidDataException Invalid(string path, int offset, string what) => new($"{path}: {what} at byte {offset}");
}
