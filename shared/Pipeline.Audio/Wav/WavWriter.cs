using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Audio.Wav;

/// <summary>
/// Writes one WAV file as audio comes, through a buffer of the caller's (32 KiB is a good size: 170 ms of stereo).
/// The header is put right by <see cref="PatchHeader"/> and by <see cref="Close"/>; a file that never got there is repaired
/// from its length by <see cref="WavFile.Repair"/>. Samples that an <see cref="IOException"/> kept from the disk are still in the buffer.
/// </summary>
/// <remarks>
/// NAudio's writer makes the files that are written in one go (<see cref="BroadcastWave"/>) and not those of the spool, because a
/// recorder's file has to bear what happens to recorders. This one can be made valid at any moment and go on after that; what a kill
/// leaves is repaired from its length alone; on a full disk nothing is lost that was handed in, a write may be tried again or given up
/// (<see cref="Truncate"/>), and none of it allocates.
/// </remarks>
public sealed class WavWriter : IDisposable
{
    private readonly SafeFileHandle file;
    private readonly WavFormat format;
    private readonly byte[] buffer;
    private long flushed; // bytes of the file that are with the operating system
    private int filled;

    /// <param name="path">Created; an existing file is emptied.</param>
    /// <param name="buffer">Belongs to this writer until it is disposed; at least 4 KiB.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public WavWriter(string path, WavFormat format, byte[] buffer)
    {
        if (buffer.Length < 4096 || buffer.Length % WavFormat.BytesPerValue != 0)
            throw new ArgumentException($"{buffer.Length} bytes: an even number of at least 4096 is needed", nameof(buffer));
        (this.format, this.buffer) = (format, buffer);
        file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        format.WriteHeader(buffer, 0);
        filled = WavFormat.HeaderSize;
    }

    /// <summary>Samples per channel so far, those in the buffer included.</summary>
    public long SampleCount => (flushed + filled - WavFormat.HeaderSize) / format.BytesPerSample;

    /// <summary>Samples per channel that are with the operating system and survive the end of this process.</summary>
    public long FlushedSampleCount => Math.Max(0, flushed - WavFormat.HeaderSize) / format.BytesPerSample;

    /// <summary>Bytes of the file, those in the buffer included.</summary>
    public long FileSize => flushed + filled;

    /// <param name="pcm"><c>[samples, channels]</c>.</param>
    /// <exception cref="IOException">The disk took less than the buffer holds.</exception>
    public void Write(ReadOnlySpan<short> pcm)
    {
        while (!pcm.IsEmpty)
        {
            if (filled == buffer.Length) Flush();
            int values = Math.Min((buffer.Length - filled) / WavFormat.BytesPerValue, pcm.Length);
            Copy(pcm[..values], buffer.AsSpan(filled));
            filled += values * WavFormat.BytesPerValue;
            pcm = pcm[values..];
        }
    }

    /// <param name="samples">Samples per channel of digital silence.</param>
    /// <exception cref="IOException">The disk took less than the buffer holds.</exception>
    public void WriteSilence(long samples)
    {
        long bytes = samples * format.BytesPerSample;
        while (bytes > 0)
        {
            if (filled == buffer.Length) Flush();
            int part = (int)Math.Min(buffer.Length - filled, bytes);
            buffer.AsSpan(filled, part).Clear();
            filled += part;
            bytes -= part;
        }
    }

    /// <summary>Hands everything to the operating system.</summary>
    /// <exception cref="IOException">No space, or a broken disk; may be tried again.</exception>
    public void Flush()
    {
        if (filled == 0) return;
        RandomAccess.Write(file, buffer.AsSpan(0, filled), flushed);
        flushed += filled;
        filled = 0;
    }

    /// <summary>Makes the file valid as it is: everything flushed, both lengths in the header right. Writing may go on.</summary>
    /// <exception cref="IOException">No space, or a broken disk; may be tried again.</exception>
    public void PatchHeader()
    {
        Flush();
        WriteHeader();
    }

    /// <summary>
    /// Gives up what is in the buffer and makes a valid file of what the operating system has.
    /// </summary>
    /// <returns>Samples per channel that were given up.</returns>
    /// <exception cref="IOException">A broken disk.</exception>
    public long Truncate()
    {
        long before = SampleCount;
        filled = 0;
        flushed = Math.Max(flushed, WavFormat.HeaderSize);
        flushed -= (flushed - WavFormat.HeaderSize) % format.BytesPerSample;
        RandomAccess.SetLength(file, flushed);
        WriteHeader();
        return before - SampleCount;
    }

    /// <summary><see cref="PatchHeader"/>, then closes the file.</summary>
    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public void Close()
    {
        PatchHeader();
        file.Dispose();
    }

    /// <summary>Closes the file as it is, without what is in the buffer.</summary>
    public void Dispose() => file.Dispose();

    private void WriteHeader()
    {
        Span<byte> header = stackalloc byte[WavFormat.HeaderSize];
        format.WriteHeader(header, flushed - WavFormat.HeaderSize);
        RandomAccess.Write(file, header, 0);
    }

    private static void Copy(ReadOnlySpan<short> values, Span<byte> destination)
    {
        if (BitConverter.IsLittleEndian) MemoryMarshal.AsBytes(values).CopyTo(destination);
        else BinaryPrimitives.ReverseEndianness(values, MemoryMarshal.Cast<byte,
            short>(destination[..(values.Length * WavFormat.BytesPerValue)]));
    }
}
