using System.Buffers;
using System.Buffers.Binary;

namespace Pipeline.Audio.Ogg;

/// <summary>Writes pages of one Ogg stream (RFC 3533 §6). Every page holds whole packets.</summary>
/// <remarks>
/// <code>"OggS" | 0 | u8 flags | i64 granule position | u32 serial | u32 page | u32 CRC | u8 segments | lacing | packets</code>,
/// little-endian.
/// </remarks>
internal sealed class OggPageWriter(uint serialNumber)
{
    public const byte First = 2;
    public const byte Last = 4;
    private const int HeaderBytes = 27;
    private const int MostSegments = 255;

    private readonly byte[] lacing = new byte[MostSegments];
    private readonly ArrayBufferWriter<byte> body = new(16 * 1024);
    private int segments;

    /// <summary>Of the pages that are flushed from here on.</summary>
    public uint SerialNumber { get; set; } = serialNumber;

    /// <summary>Bytes that the next page would take.</summary>
    public int Length => segments == 0 ? 0 : HeaderBytes + segments + body.WrittenCount;

    /// <summary>Nothing waits for <see cref="Flush"/>.</summary>
    public bool IsEmpty => segments == 0;

    /// <summary>Adds a packet to the page. False: the page has no room for it, flush it first.</summary>
    public bool TryAdd(ReadOnlySpan<byte> packet)
    {
        int needed = (packet.Length / 255) + 1;
        if (segments + needed > MostSegments) return false;
        for (int left = packet.Length; ; left -= 255)
        {
            lacing[segments++] = (byte)Math.Min(left, 255);
            if (left < 255) break;
        }
        body.Write(packet);
        return true;
    }

    /// <param name="granulePosition">Samples at 48 kHz, pre-skip included, up to the end of the page's last packet (RFC 7845 §4).</param>
    public void Flush(byte flags, long granulePosition, uint pageNumber, IBufferWriter<byte> output)
    {
        Span<byte> page = output.GetSpan(HeaderBytes + segments + body.WrittenCount)[..(HeaderBytes + segments + body.WrittenCount)];
        "OggS"u8.CopyTo(page);
        page[4] = 0;
        page[5] = flags;
        BinaryPrimitives.WriteInt64LittleEndian(page[6..], granulePosition);
        BinaryPrimitives.WriteUInt32LittleEndian(page[14..], SerialNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(page[18..], pageNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], 0);
        page[26] = (byte)segments;
        lacing.AsSpan(0, segments).CopyTo(page[HeaderBytes..]);
        body.WrittenSpan.CopyTo(page[(HeaderBytes + segments)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], OggCrc.Append(0, page));
        output.Advance(page.Length);
        Clear();
    }

    /// <summary>Gives up what waits.</summary>
    public void Clear()
    {
        segments = 0;
        body.ResetWrittenCount();
    }

    /// <summary>Gives a page that was written already other flags.</summary>
    /// <param name="page">The whole page.</param>
    public static void SetFlags(Span<byte> page, byte flags)
    {
        page[5] = flags;
        page[22..26].Clear(); // the checksum is made with its own field zero
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], OggCrc.Append(0, page));
    }
}
