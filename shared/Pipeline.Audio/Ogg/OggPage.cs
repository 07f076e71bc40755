using System.Buffers.Binary;

namespace Pipeline.Audio.Ogg;

/// <summary>One whole Ogg page with a right checksum (RFC 3533 §6), in memory.</summary>
internal readonly ref struct OggPage
{
    private const int FixedHeaderSize = 27;
    private const int CrcAt = 22;

    private OggPage(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>Header, lacing and body.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public bool IsContinued => (Bytes[5] & 1) != 0;
    public bool IsFirst => (Bytes[5] & OggPageWriter.First) != 0;
    public bool IsLast => (Bytes[5] & OggPageWriter.Last) != 0;

    /// <summary>Samples up to the end of the last packet that ends here; -1 when none does (RFC 7845 §4).</summary>
    public long GranulePosition => BinaryPrimitives.ReadInt64LittleEndian(Bytes[6..]);

    public uint SequenceNumber => BinaryPrimitives.ReadUInt32LittleEndian(Bytes[18..]);

    /// <summary>Lengths of the page's segments; a packet ends with the first one under 255.</summary>
    public ReadOnlySpan<byte> Lacing => Bytes.Slice(FixedHeaderSize, Bytes[26]);

    public ReadOnlySpan<byte> Body => Bytes[(FixedHeaderSize + Bytes[26])..];

    /// <summary>The page at the beginning of some bytes. False: none, one that is cut off, or one that is damaged.</summary>
    public static bool TryParse(ReadOnlySpan<byte> from, out OggPage page)
    {
        page = default;
        if (from.Length < FixedHeaderSize || !from.StartsWith("OggS"u8) || from[4] != 0) return false;
        int length = FixedHeaderSize + from[26];
        if (from.Length < length) return false;
        foreach (byte segment in from[FixedHeaderSize..length]) length += segment;
        if (from.Length < length) return false;
        ReadOnlySpan<byte> bytes = from[..length];
        uint crc = OggCrc.Append(OggCrc.Append(OggCrc.Append(0, bytes[..CrcAt]), [0, 0, 0, 0]), bytes[(CrcAt + 4)..]);
        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..])) return false;
        page = new OggPage(bytes);
        return true;
    }
}
