using System.Buffers.Binary;

namespace Pipeline.DiscordSimulator.Dave;

/// <summary>
/// As much of MLS's encoding (RFC 9420 §2.1) as a delivery service needs. Written apart from the product's, so that a
/// mistake there does not cancel out here. Throws <see cref="InvalidDataException"/> for bytes that do not fit.
/// </summary>
public ref struct MlsWire(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> all = bytes;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position == all.Length;

    public readonly ReadOnlySpan<byte> Rest => all[Position..];

    public readonly ReadOnlySpan<byte> Since(int start) => all[start..Position];

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > all.Length - Position)
            throw new InvalidDataException($"{count} bytes wanted at {Position} of {all.Length}");
        ReadOnlySpan<byte> taken = all.Slice(Position, count);
        Position += count;
        return taken;
    }

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>A variable-length vector: 1, 2 or 4 bytes of length, then as many bytes.</summary>
    public ReadOnlySpan<byte> Vector()
    {
        byte first = U8();
        int length = (first >> 6) switch
        {
            0 => first,
            1 => ((first & 0x3F) << 8) | U8(),
            2 => ((first & 0x3F) << 24) | (Take(1)[0] << 16) | U16(),
            _ => throw new InvalidDataException("invalid length prefix"),
        };
        return Take(length);
    }

    public void Expect(ushort value, string what)
    {
        if (U16() != value) throw new InvalidDataException($"{what} is not {value}");
    }

    /// <summary>The bytes with their length before them.</summary>
    public static byte[] Vector(ReadOnlySpan<byte> content)
    {
        byte[] prefix = content.Length switch
        {
            < 1 << 6 => [(byte)content.Length],
            < 1 << 14 => [(byte)(0x40 | (content.Length >> 8)), (byte)content.Length],
            _ => [(byte)(0x80 | (content.Length >> 24)), (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length],
        };
        return [.. prefix, .. content];
    }

    public static byte[] BigEndian(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
