using System.Buffers.Binary;

namespace Pipeline.Audio.Flac;

/// <summary>Writes bits, the highest first, into a buffer that grows (RFC 9639 §5: all numbers are big-endian).</summary>
internal sealed class FlacBitWriter
{
    private byte[] buffer = new byte[32 * 1024];
    private int length; // whole bytes in the buffer
    private ulong pending; // the low `pendingBits` bits wait
    private int pendingBits;

    /// <summary>What was written; whole bytes only.</summary>
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    public int ByteCount => length;

    public void Clear() => (length, pending, pendingBits) = (0, 0, 0);

    /// <param name="count">0 to 32.</param>
    public void Write(uint value, int count)
    {
        pending = (pending << count) | value;
        pendingBits += count;
        if (pendingBits >= 32) FlushWord();
    }

    /// <summary>Two's complement of <paramref name="count"/> bits.</summary>
    public void WriteSigned(int value, int count) => Write(count == 32 ? (uint)value : (uint)value & ((1u << count) - 1), count);

    /// <summary>So many zeros, then a one (RFC 9639 §9.2.7.2).</summary>
    public void WriteUnary(uint zeros)
    {
        for (; zeros >= 32; zeros -= 32) Write(0, 32);
        Write(1, (int)zeros + 1);
    }

    /// <summary>Fills up the last byte with zeros.</summary>
    public void Align()
    {
        if (pendingBits % 8 != 0) Write(0, 8 - (pendingBits % 8));
        Reserve(8);
        for (; pendingBits > 0; pendingBits -= 8) buffer[length++] = (byte)(pending >> (pendingBits - 8));
        pending = 0;
    }

    private void FlushWord()
    {
        Reserve(8);
        pendingBits -= 32;
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(length), (uint)(pending >> pendingBits));
        length += 4;
    }

    private void Reserve(int bytes)
    {
        if (buffer.Length - length < bytes) Array.Resize(ref buffer, buffer.Length * 2);
    }
}
