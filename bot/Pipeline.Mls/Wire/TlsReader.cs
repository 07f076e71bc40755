using System.Buffers.Binary;

namespace Pipeline.Mls.Wire;

/// <summary>
/// Reads the TLS presentation language with MLS variable-length vectors (RFC 9420 §2.1): big-endian integers,
/// <c>[length varint, bytes]</c>. Throws <see cref="MlsException"/> with <see cref="MlsError.Malformed"/> on any truncation.
/// Never allocates: vectors are views of the input.
/// </summary>
public ref struct TlsReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> data = data;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => data.Length - Position;

    public readonly bool IsAtEnd => Remaining == 0;

    public byte ReadUInt8() => ReadBytes(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(ReadBytes(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(ReadBytes(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(ReadBytes(8));

    /// <summary>The next <paramref name="count"/> bytes as they stand.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        MlsException.ThrowIf(count > Remaining, MlsError.Malformed);
        ReadOnlySpan<byte> bytes = data.Slice(Position, count);
        Position += count;
        return bytes;
    }

    /// <summary>
    /// RFC 9420 §2.1.2: the two top bits give the size of the length: 00 one byte, 01 two, 10 four, 11 invalid.
    /// The smallest size that holds the value is the only legal one.
    /// </summary>
    public int ReadLength()
    {
        byte first = ReadUInt8();
        switch (first >> 6)
        {
            case 0:
                return first;
            case 1:
                int two = ((first & 0x3f) << 8) | ReadUInt8();
                MlsException.ThrowIf(two < 64, MlsError.Malformed);
                return two;
            case 2:
                ReadOnlySpan<byte> rest = ReadBytes(3);
                int four = ((first & 0x3f) << 24) | (rest[0] << 16) | (rest[1] << 8) | rest[2];
                MlsException.ThrowIf(four < 16384, MlsError.Malformed);
                return four;
            default:
                throw new MlsException(MlsError.Malformed);
        }
    }

    /// <summary>The content of a variable-length vector.</summary>
    public ReadOnlySpan<byte> ReadVector() => ReadBytes(ReadLength());

    /// <summary>The content of a vector whose content must have this length.</summary>
    public ReadOnlySpan<byte> ReadVector(int expectedLength)
    {
        ReadOnlySpan<byte> content = ReadVector();
        MlsException.ThrowIf(content.Length != expectedLength, MlsError.Malformed);
        return content;
    }

    /// <summary>A reader over a vector's content.</summary>
    public TlsReader ReadNested() => new(ReadVector());

    /// <summary>RFC 9420 §2.1.1: the presence byte of an optional value, 0 or 1.</summary>
    public bool ReadPresence()
    {
        byte presence = ReadUInt8();
        MlsException.ThrowIf(presence > 1, MlsError.Malformed);
        return presence == 1;
    }

    /// <summary>The bytes read since <paramref name="start"/>, an earlier <see cref="Position"/>.</summary>
    public readonly ReadOnlySpan<byte> ReadSince(int start) => data[start..Position];

    /// <summary>Throws when bytes are left.</summary>
    public readonly void ExpectEnd() => MlsException.ThrowIf(!IsAtEnd, MlsError.TrailingBytes);
}
