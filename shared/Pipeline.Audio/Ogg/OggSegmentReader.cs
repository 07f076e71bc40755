using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Reads the packets of one whole Ogg Opus file in memory. Takes no damage: a segment whose hash was compared has none, and one that has
/// some is not the segment that was announced.
/// </summary>
internal ref struct OggSegmentReader
{
    private const int LongestPacket = 61_440; // RFC 7845 §6: no Opus packet of 120 ms needs more

    private readonly ReadOnlySpan<byte> file;
    private OggPage page;
    private int next; // where the next page begins
    private int segment; // of the page, to be read next
    private int bodyAt;
    private uint pageNumber;
    private long granulePosition; // of the packets so far
    private byte[]? joined; // a packet over two pages
    private int joinedLength;

    /// <summary>Reads up to the first audio packet.</summary>
    /// <exception cref="InvalidDataException">Not Ogg Opus, or damaged.</exception>
    public OggSegmentReader(ReadOnlySpan<byte> file)
    {
        this.file = file;
        TurnPage();
        if (!page.IsFirst || !page.Body.StartsWith("OpusHead"u8)) throw Broken("no OpusHead");
        try
        {
            Head = OpusHead.Parse(page.Body, 0);
        }
        catch (OggFormatException other)
        {
            throw new InvalidDataException(other.Message, other);
        }
        if (Head.Layout is not null) throw Broken("several streams in each packet");
        segment = page.Lacing.Length; // RFC 7845 §3: the identification header has its page alone
        if (!TryAssemble(out ReadOnlySpan<byte> tags) || !tags.StartsWith("OpusTags"u8)) throw Broken("no OpusTags");
    }

    public OpusHead Head { get; }

    /// <summary>
    /// Samples at the end that are not part of the audio (RFC 7845 §4.4), known when all was read; may be of several packets.
    /// </summary>
    public long EndTrim { get; private set; }

    /// <summary>The next audio packet. False at the end of the stream.</summary>
    /// <param name="packet">Valid until the next call.</param>
    /// <param name="samples">Per channel at 48 kHz.</param>
    /// <exception cref="InvalidDataException">Damaged or cut off.</exception>
    public bool TryRead(out ReadOnlySpan<byte> packet, out int samples)
    {
        samples = 0;
        if (!TryAssemble(out packet)) return false;
        if (!OpusPacket.TryGetDuration(packet, out samples)) throw Broken("a packet that is no Opus");
        granulePosition += samples;
        bool lastOnPage = !page.Lacing[segment..].ContainsAnyExcept((byte)255);
        if (!lastOnPage || page.GranulePosition < 0) return true;
        EndTrim = page.IsLast ? Math.Max(0, granulePosition - page.GranulePosition) : 0;
        granulePosition = page.GranulePosition; // a stream may begin at any position (RFC 7845 §4.5)
        return true;
    }

    private readonly InvalidDataException Broken(string what) => new($"{what} in the Ogg page before byte {next}");

    private bool TryAssemble(out ReadOnlySpan<byte> packet)
    {
        packet = default;
        bool isInside = false;
        while (true)
        {
            if (segment == page.Lacing.Length)
            {
                if (page.IsLast && !isInside) return false;
                TurnPage();
                if (page.IsContinued != isInside) throw Broken("half a packet");
            }
            int start = bodyAt;
            bool ends = false;
            while (!ends && segment < page.Lacing.Length)
            {
                byte length = page.Lacing[segment++];
                bodyAt += length;
                ends = length < 255;
            }
            ReadOnlySpan<byte> part = page.Body[start..bodyAt];
            if (isInside || !ends) Join(part, isFirst: !isInside);
            if (ends)
            {
                packet = isInside ? joined.AsSpan(0, joinedLength) : part;
                return true;
            }
            isInside = true;
        }
    }

    private void Join(ReadOnlySpan<byte> part, bool isFirst)
    {
        joined ??= new byte[LongestPacket];
        if (isFirst) joinedLength = 0;
        int length = Math.Min(part.Length, joined.Length - joinedLength); // tags may be longer: only their beginning matters
        part[..length].CopyTo(joined.AsSpan(joinedLength));
        joinedLength += length;
    }

    private void TurnPage()
    {
        if (!OggPage.TryParse(file[next..], out page)) throw Broken("a damaged or missing page");
        if (next > 0 && page.SequenceNumber != pageNumber + 1) throw Broken($"page {page.SequenceNumber} behind {pageNumber}");
        pageNumber = page.SequenceNumber;
        next += page.Bytes.Length;
        (segment, bodyAt) = (0, 0);
    }
}
