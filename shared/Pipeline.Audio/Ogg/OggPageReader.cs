using System.Buffers.Binary;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Reads one Ogg page after the other and checks each (RFC 3533 §6). What is no whole page with a right checksum is passed over up to
/// the next one and counted. Holds 128 KiB, whatever the input's length.
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
    private const int MaximumPageSize = FixedHeaderSize + 255 + (255 * 255);

    private readonly byte[] buffer = new byte[2 * 65_536];
    private int start; // of the present page in the buffer
    private int end; // of what was read
    private int pageLength;
    private int bodyLength;

    /// <summary>Where the present page begins in the input.</summary>
    public long PageOffset { get; private set; }

    /// <summary>Where the next page begins, or the input ends.</summary>
    public long NextOffset => PageOffset + pageLength;

    /// <summary>Bytes before the present page, or before the end, that were passed over.</summary>
    public long SkippedBytes { get; private set; }

    /// <summary>What was wrong with the first of them.</summary>
    public string SkippedBecause { get; private set; } = "";

    public bool IsContinued => (Page[5] & 1) != 0;
    public bool IsFirst => (Page[5] & 2) != 0;
    public bool IsLast => (Page[5] & 4) != 0;

    /// <summary>
    /// Samples at 48 kHz, pre-skip included, up to the end of the last packet that ends on this page; -1 when none does (RFC 7845 §4).
    /// </summary>
    public long GranulePosition => BinaryPrimitives.ReadInt64LittleEndian(Page[6..]);

    public uint SerialNumber => BinaryPrimitives.ReadUInt32LittleEndian(Page[14..]);
    public uint SequenceNumber => BinaryPrimitives.ReadUInt32LittleEndian(Page[18..]);

    /// <summary>Lengths of the page's segments; a packet ends with the first one under 255.</summary>
    public ReadOnlySpan<byte> Lacing => pageLength == 0 ? default : Page.Slice(FixedHeaderSize, Page[26]);

    public ReadOnlySpan<byte> Body => Page.Slice(FixedHeaderSize + Page[26], bodyLength);

    private Span<byte> Page => buffer.AsSpan(start, pageLength);

    /// <summary>The next whole page. False: there is none up to the end of the input.</summary>
    public bool TryReadPage()
    {
        Consume(pageLength);
        pageLength = 0;
        (SkippedBytes, SkippedBecause) = (0, "");
        while (TryFill(1))
        {
            string? problem = FindProblem();
            if (problem is null) return true;
            if (SkippedBytes == 0) SkippedBecause = problem;
            SkipToNextMark();
        }
        return false;
    }

    // Null: a whole page begins here.
    private string? FindProblem()
    {
        TryFill(FixedHeaderSize);
        ReadOnlySpan<byte> ahead = buffer.AsSpan(start, end - start);
        int mark = Math.Min(4, ahead.Length);
        if (!ahead[..mark].SequenceEqual("OggS"u8[..mark])) return "no Ogg page (OggS expected)";
        if (ahead.Length < FixedHeaderSize) return "the input ends inside an Ogg page";
        if (ahead[4] != 0) return $"Ogg version {ahead[4]}, only 0 exists,";
        int headerLength = FixedHeaderSize + ahead[26];
        if (!TryFill(headerLength)) return "the input ends inside an Ogg page";
        int length = 0;
        foreach (byte segment in buffer.AsSpan(start + FixedHeaderSize, headerLength - FixedHeaderSize)) length += segment;
        if (!TryFill(headerLength + length)) return "the input ends inside an Ogg page";
        (pageLength, bodyLength) = (headerLength + length, length);
        if (HasRightChecksum()) return null;
        pageLength = 0;
        return "the checksum does not fit the Ogg page";
    }

    private bool HasRightChecksum()
    {
        Span<byte> stored = Page.Slice(22, 4);
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(stored);
        stored.Clear(); // the checksum is made with its own field zero
        uint found = OggCrc.Append(0, Page);
        BinaryPrimitives.WriteUInt32LittleEndian(stored, expected);
        return found == expected;
    }

    // At least one byte further.
    private void SkipToNextMark()
    {
        int found = buffer.AsSpan(start + 1, end - start - 1).IndexOf("OggS"u8);
        int skipped = found >= 0 ? found + 1 : Math.Max(1, end - start - 3); // the mark may lie across the end of what was read
        SkippedBytes += skipped;
        Consume(skipped);
    }

    private void Consume(int bytes)
    {
        start += bytes;
        PageOffset += bytes;
    }

    private bool TryFill(int needed)
    {
        if (end - start >= needed) return true;
        if (start + MaximumPageSize > buffer.Length)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        end += input.ReadAtLeast(buffer.AsSpan(end), needed - (end - start), throwOnEndOfStream: false);
        return end - start >= needed;
    }
}
