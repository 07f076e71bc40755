using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Reads the Opus packets of an Ogg file (RFC 3533, RFC 7845): the first Opus stream in it, streams beside it are skipped.
/// Memory does not grow with the file.
/// </summary>
public sealed class OggOpusReader
{
    private const int MaximumPacketSize = 61_440; // RFC 7845 §6: no Opus packet of 120 ms needs more

    private readonly OggPageReader pages;
    private readonly uint serialNumber;
    private readonly byte[] packet = new byte[MaximumPacketSize];
    private int packetLength;
    private int segment; // index of the next segment of the page
    private int bodyOffset; // its place in the page's body
    private uint nextSequenceNumber;
    private long granulePosition; // samples, pre-skip included, up to the end of the packet last read

    /// <summary>Reads up to the first audio packet.</summary>
    /// <param name="input">Read forward only; stays the caller's.</param>
    /// <exception cref="OggFormatException">Not Ogg Opus, damaged or cut off.</exception>
    public OggOpusReader(Stream input)
    {
        pages = new OggPageReader(input);
        do
        {
            if (!pages.TryReadPage())
                throw new OggFormatException(pages.NextOffset,
                pages.NextOffset == 0 ? "the input is empty" : "no Opus stream before the end");
        }
        while (!IsOpusHead);
        Head = OpusHead.Parse(pages.Body, pages.PageOffset);
        serialNumber = pages.SerialNumber;
        nextSequenceNumber = pages.SequenceNumber + 1;
        segment = pages.Lacing.Length; // RFC 7845 §3: the identification header has its page alone
        ReadTags();
    }

    public OpusHead Head { get; }

    private bool IsOpusHead => pages.IsFirst && pages.Body.StartsWith("OpusHead"u8);

    /// <summary>The next audio packet. False at the end of the stream.</summary>
    /// <exception cref="OggFormatException">Damaged or cut off.</exception>
    public bool TryRead(out OggOpusPacket next)
    {
        next = default;
        do
        {
            if (!TryAssemble(keep: true)) return false;
        }
        while (packetLength == 0);
        Span<byte> opus = packet.AsSpan(0, packetLength);
        if (!OpusPacket.TryGetDuration(opus, out int samples))
            throw new OggFormatException(pages.PageOffset, "an audio packet that is no Opus in the Ogg page");
        next = new OggOpusPacket { Opus = opus, Samples = samples, EndTrim = Advance(samples) };
        return true;
    }

    // RFC 7845 §4.4: the last page's granule position may say fewer samples than its packets hold.
    private int Advance(int samples)
    {
        granulePosition += samples;
        bool lastOnPage = !pages.Lacing[segment..].ContainsAnyExcept((byte)255);
        if (!lastOnPage || pages.GranulePosition < 0) return 0;
        int endTrim = pages.IsLast ? (int)Math.Clamp(granulePosition - pages.GranulePosition, 0, samples) : 0;
        granulePosition = pages.GranulePosition; // a stream may begin at any position (RFC 7845 §4.5)
        return endTrim;
    }

    private void ReadTags()
    {
        if (!TryAssemble(keep: false) || !packet.AsSpan(0, packetLength).StartsWith("OpusTags"u8))
            throw new OggFormatException(pages.PageOffset, "no OpusTags behind the OpusHead in the Ogg page");
    }

    /// <summary>Joins the segments of one packet, across pages where it has to (RFC 3533 §5). False at the end of the stream.</summary>
    /// <param name="keep">False: only the first bytes matter, the rest may be of any length (tags can hold a picture).</param>
    private bool TryAssemble(bool keep)
    {
        packetLength = 0;
        bool inside = false;
        while (true)
        {
            while (segment < pages.Lacing.Length)
            {
                int length = pages.Lacing[segment++];
                Append(pages.Body.Slice(bodyOffset, length), keep);
                bodyOffset += length;
                inside = length == 255;
                if (!inside) return true;
            }
            if (!TryTurnPage(inside)) return false;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes, bool keep)
    {
        bool fits = packetLength + bytes.Length <= packet.Length;
        if (!fits && keep)
            throw new OggFormatException(pages.PageOffset, $"an audio packet of over {MaximumPacketSize} bytes in the Ogg page");
        if (!fits) return;
        bytes.CopyTo(packet.AsSpan(packetLength));
        packetLength += bytes.Length;
    }

    private bool TryTurnPage(bool insidePacket)
    {
        bool ended = pages.SerialNumber == serialNumber && pages.IsLast;
        if (ended && insidePacket) throw new OggFormatException(pages.NextOffset, "the stream ends inside a packet");
        do
        {
            if (!pages.TryReadPage())
                return ended ? false : throw new OggFormatException(pages.NextOffset, "the input was cut off: no end-of-stream page");
            if (ended && IsOpusHead) throw new OggFormatException(pages.PageOffset, "a second, chained stream (split the file there)");
        }
        while (ended || pages.SerialNumber != serialNumber);
        CheckContinuity(insidePacket);
        (segment, bodyOffset) = (0, 0);
        return true;
    }

    private void CheckContinuity(bool insidePacket)
    {
        if (pages.SequenceNumber != nextSequenceNumber)
            throw new OggFormatException(pages.PageOffset, $"Ogg page {nextSequenceNumber} is missing, {pages.SequenceNumber} came");
        if (pages.IsContinued != insidePacket)
            throw new OggFormatException(pages.PageOffset,
            insidePacket ? "a packet is not continued by the Ogg page" : "an Ogg page that continues no packet");
        nextSequenceNumber++;
    }
}
