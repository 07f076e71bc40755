using Microsoft.Win32.SafeHandles;

namespace Pipeline.Audio.Wav;

/// <summary>A WAV file that <see cref="WavWriter"/> wrote, seen from outside.</summary>
public static class WavFile
{
    /// <summary>
    /// Makes a file that a crash cut off valid: cuts it to whole samples and writes the lengths that it really has.
    /// A valid file stays as it is. A header that is itself cut off or unreadable is written again.
    /// </summary>
    /// <param name="ifUnreadable">The format to assume when the header cannot be read.</param>
    /// <returns>Samples per channel; 0 when there is no audio in it.</returns>
    /// <exception cref="IOException">The file is missing, locked or on a broken disk.</exception>
    public static long Repair(string path, WavFormat ifUnreadable)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        Span<byte> header = stackalloc byte[WavFormat.HeaderSize];
        long length = RandomAccess.GetLength(file);
        int read = RandomAccess.Read(file, header, 0);
        if (!WavFormat.TryReadHeader(header[..read], out WavFormat format)) format = ifUnreadable;
        long dataBytes = Math.Clamp(length - WavFormat.HeaderSize, 0, WavFormat.MaximumDataBytes);
        dataBytes -= dataBytes % format.BytesPerSample;
        WriteLengths(file, format, header[..read], length, dataBytes);
        return dataBytes / format.BytesPerSample;
    }

    /// <summary>Format and samples per channel of a file, by its header and its length.</summary>
    /// <exception cref="InvalidDataException">Not a WAV file of ours, or one that was not closed.</exception>
    public static (WavFormat Format, long SampleCount) Inspect(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        Span<byte> header = stackalloc byte[WavFormat.HeaderSize];
        Span<byte> expected = stackalloc byte[WavFormat.HeaderSize];
        long dataBytes = RandomAccess.GetLength(file) - WavFormat.HeaderSize;
        int read = RandomAccess.Read(file, header, 0);
        if (!WavFormat.TryReadHeader(header[..read], out WavFormat format))
            throw new InvalidDataException($"{path}: no WAV header of 44 bytes with 16-bit PCM");
        if (dataBytes > WavFormat.MaximumDataBytes || dataBytes % format.BytesPerSample != 0)
            throw new InvalidDataException($"{path}: {dataBytes} bytes of samples");
        format.WriteHeader(expected, dataBytes);
        if (!header.SequenceEqual(expected))
            throw new InvalidDataException($"{path}: the header does not fit the {dataBytes} bytes behind it");
        return (format, dataBytes / format.BytesPerSample);
    }

    private static void WriteLengths(SafeFileHandle file, WavFormat format, ReadOnlySpan<byte> present, long length, long dataBytes)
    {
        Span<byte> header = stackalloc byte[WavFormat.HeaderSize];
        format.WriteHeader(header, dataBytes);
        if (length != WavFormat.HeaderSize + dataBytes) RandomAccess.SetLength(file, WavFormat.HeaderSize + dataBytes);
        if (!present.SequenceEqual(header)) RandomAccess.Write(file, header, 0);
    }
}
