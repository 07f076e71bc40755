using System.Buffers.Binary;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Reads one Ogg page after the other and checks each (RFC 3533 §6). Holds one page, at most 65,307 bytes.
/// </summary>
/// <remarks>
/// <code>
/// 0 "OggS" | 4 version 0 | 5 flags: 1 continued, 2 first of its stream, 4 last | 6 granule position, i64 | 14 serial number, u32 |
/// 18 page sequence number, u32 | 22 CRC, u32 | 26 number n of segments | 27 n lengths | body, the sum of the lengths. Little-endian.
/// </code>
/// </remarks>
internal sealed class OggPageReader(Stream input)
{
    private const int FixedHeaderSize = 27;
    private readonly byte[] page = new byte[FixedHeaderSize + 255 + (255 * 255)];
    private int bodyLength;

    /// <summary>Where the present page begins in the input.</summary>
    public long PageOffset { get; private set; }

    /// <summary>Where the next page begins, or the input ends.</summary>
    public long NextOffset { get; private set; }

    public bool IsContinued => (page[5] & 1) != 0;
    public bool IsFirst => (page[5] & 2) != 0;
    public bool IsLast => (page[5] & 4) != 0;

    /// <summary>
    /// Samples at 48 kHz, pre-skip included, up to the end of the last packet that ends on this page; -1 when none does (RFC 7845 §4).
    /// </summary>
    public long GranulePosition => BinaryPrimitives.ReadInt64LittleEndian(page.AsSpan(6));

    public uint SerialNumber => BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(14));
    public uint SequenceNumber => BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(18));

    /// <summary>Lengths of the page's segments; a packet ends with the first one under 255.</summary>
    public ReadOnlySpan<byte> Lacing => page.AsSpan(FixedHeaderSize, page[26]);

    public ReadOnlySpan<byte> Body => page.AsSpan(FixedHeaderSize + page[26], bodyLength);

    /// <summary>False at the end of the input, exactly between two pages.</summary>
    /// <exception cref="OggFormatException">Anything else than a whole page with a right checksum.</exception>
    public bool TryReadPage()
    {
        PageOffset = NextOffset;
        int read = input.ReadAtLeast(page.AsSpan(0, FixedHeaderSize), FixedHeaderSize, throwOnEndOfStream: false);
        if (read == 0) return false;
        if (!page.AsSpan(0, Math.Min(read, 4)).SequenceEqual("OggS"u8[..Math.Min(read, 4)]))
            throw new OggFormatException(PageOffset, "no Ogg page (OggS expected)");
        Require(read, FixedHeaderSize, PageOffset);
        if (page[4] != 0) throw new OggFormatException(PageOffset + 4, $"Ogg version {page[4]}, only 0 exists,");
        ReadInto(FixedHeaderSize, page[26]);
        bodyLength = 0;
        foreach (byte length in Lacing) bodyLength += length;
        ReadInto(FixedHeaderSize + page[26], bodyLength);
        CheckCrc();
        NextOffset = PageOffset + FixedHeaderSize + page[26] + bodyLength;
        return true;
    }

    private void ReadInto(int at, int count) =>
        Require(input.ReadAtLeast(page.AsSpan(at, count), count, throwOnEndOfStream: false), count, PageOffset + at);

    private static void Require(int read, int needed, long offset)
    {
        if (read < needed) throw new OggFormatException(offset + read, "the input ends inside an Ogg page");
    }

    private void CheckCrc()
    {
        Span<byte> stored = page.AsSpan(22, 4);
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(stored);
        stored.Clear(); // the checksum is made with its own field zero
        uint found = OggCrc.Append(0, page.AsSpan(0, FixedHeaderSize + page[26] + bodyLength));
        BinaryPrimitives.WriteUInt32LittleEndian(stored, expected);
        if (found != expected) throw new OggFormatException(PageOffset, $"checksum {expected:x8} does not fit the Ogg page ({found:x8})");
    }
}
