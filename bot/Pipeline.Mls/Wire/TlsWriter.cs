using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Pipeline.Mls.Wire;

/// <summary>
/// Writes the TLS presentation language with MLS variable-length vectors (RFC 9420 §2.1). Disposing wipes the buffer,
/// because some of what is written is secret; <see cref="ToArray"/> before that.
/// </summary>
public sealed class TlsWriter(int capacity = 256) : IDisposable
{
    private byte[] buffer = new byte[capacity];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public byte[] ToArray() => Written.ToArray();

    public void WriteUInt8(byte value) => Take(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    public void WriteBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>A vector: its length as the smallest varint, then its content.</summary>
    public void WriteVector(ReadOnlySpan<byte> content)
    {
        WriteLength(Take(LengthSize(content.Length)), content.Length);
        WriteBytes(content);
    }

    /// <summary>The presence byte of an optional value.</summary>
    public void WritePresence(bool present) => WriteUInt8(present ? (byte)1 : (byte)0);

    /// <summary>Starts a vector whose length is not known yet; hand the result to <see cref="EndVector"/>.</summary>
    public int BeginVector() => Length;

    /// <summary>Ends the vector begun at <paramref name="start"/>: moves its content up to make room for the length.</summary>
    public void EndVector(int start)
    {
        int contentLength = Length - start;
        int headerLength = LengthSize(contentLength);
        Take(headerLength);
        Span<byte> vector = buffer.AsSpan(start, headerLength + contentLength);
        vector[..contentLength].CopyTo(vector[headerLength..]);
        WriteLength(vector[..headerLength], contentLength);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(buffer);

    // RFC 9420 §2.1.2: 6, 14 or 30 bits; longer vectors do not exist.
    private static int LengthSize(int length) => length switch
    {
        < 64 => 1,
        < 16384 => 2,
        < 1 << 30 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(length)),
    };

    private static void WriteLength(Span<byte> header, int length)
    {
        switch (header.Length)
        {
            case 1:
                header[0] = (byte)length;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(header, (ushort)(length | 0x4000));
                break;
            default:
                BinaryPrimitives.WriteUInt32BigEndian(header, (uint)length | 0x8000_0000);
                break;
        }
    }

    private Span<byte> Take(int count)
    {
        if (buffer.Length - Length < count) Grow(count);
        Span<byte> taken = buffer.AsSpan(Length, count);
        Length += count;
        return taken;
    }

    private void Grow(int count)
    {
        byte[] larger = new byte[BitOperations.RoundUpToPowerOf2((uint)(Length + count))];
        Written.CopyTo(larger);
        CryptographicOperations.ZeroMemory(buffer);
        buffer = larger;
    }
}
