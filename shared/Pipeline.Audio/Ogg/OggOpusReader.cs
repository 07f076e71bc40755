using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Reads the Opus packets of an Ogg file (RFC 3533, RFC 7845): the first Opus stream in it and those chained behind it; streams beside
/// it are skipped. What is damaged is passed over, noted in <see cref="Damages"/>, and leaves its time empty. Memory does not grow with
/// the file.
/// </summary>
public sealed class OggOpusReader
{
    private const int MaximumPacketSize = 61_440; // RFC 7845 §6: no Opus packet of 120 ms needs more

    private readonly OggPageReader pages;
    private readonly OggTimeline timeline = new();
    private readonly byte[] packet = new byte[MaximumPacketSize];
    private uint serialNumber;
    private int packetLength; // over the buffer's: too long to be audio
    private int segment; // index of the next segment of the page
    private int bodyOffset; // its place in the page's body
    private uint nextSequenceNumber;
    private bool isInside; // a packet goes on with the next page
    private bool expectsTags;
    private bool hasAudio; // of the present stream
    private bool beginsStream;
    private bool hasEnded;
    private bool isBehindDamage; // since the last page that says its time

    /// <summary>Reads up to the first stream's header.</summary>
    /// <param name="input">Read forward only; stays the caller's.</param>
    /// <exception cref="OggFormatException">There is no Opus stream in it, or one of a kind that cannot be read.</exception>
    public OggOpusReader(Stream input)
    {
        pages = new OggPageReader(input);
        bool isOgg = false;
        while (pages.TryReadPage())
        {
            NoteSkipped();
            isOgg = true;
            if (IsOpusHead) BeginStream(OpusHead.Parse(pages.Body, pages.PageOffset));
            else if (pages.Body.StartsWith("OpusTags"u8)) BeginWithoutHead();
            else continue;
            return;
        }
        if (isOgg) throw new OggFormatException(pages.NextOffset, "no Opus stream before the end");
        throw pages.NextOffset == 0 ? new OggFormatException(0, "the input is empty")
            : new OggFormatException(0, pages.SkippedBecause);
    }

    /// <summary>Of the stream that the last packet belongs to.</summary>
    public OpusHead Head { get; private set; }

    /// <summary>Streams so far, chained one behind the other.</summary>
    public int Streams { get; private set; }

    /// <summary>What was wrong so far; complete at the end of the file.</summary>
    public OggDamages Damages { get; } = new();

    private bool IsOpusHead => pages.IsFirst && pages.Body.StartsWith("OpusHead"u8);

    private bool IsTagsPage => (isInside ? packet.AsSpan(0, Math.Min(packetLength, packet.Length)) : pages.Body).StartsWith("OpusTags"u8);

    /// <summary>The next audio packet. False at the end of the file.</summary>
    public bool TryRead(out OggOpusPacket next)
    {
        next = default;
        while (TryAssemble())
        {
            if (packetLength > packet.Length || !OpusPacket.TryGetDuration(packet.AsSpan(0, packetLength), out int samples))
            {
                timeline.PassHole();
                continue;
            }
            PlacedPacket placed = timeline.Place(samples);
            next = new OggOpusPacket
            {
                Opus = packet.AsSpan(0, packetLength),
                Samples = samples,
                Position = placed.Position,
                StartTrim = placed.StartTrim,
                EndTrim = placed.EndTrim,
                Missing = placed.Missing,
                BeginsStream = beginsStream,
            };
            beginsStream = false;
            return true;
        }
        return false;
    }

    private void BeginStream(OpusHead head)
    {
        Head = head;
        Streams++;
        timeline.BeginStream(head);
        serialNumber = pages.SerialNumber;
        nextSequenceNumber = pages.SequenceNumber + 1;
        segment = pages.Lacing.Length; // RFC 7845 §3: the identification header has its page alone
        (isInside, expectsTags, hasAudio, beginsStream, hasEnded, isBehindDamage) = (false, true, false, true, false, false);
    }

    // The page with the header is lost: the usual look-ahead of an encoder stands in for what it said.
    private void BeginWithoutHead()
    {
        Damages.Add(pages.PageOffset, "no OpusHead before the OpusTags");
        BeginStream(new OpusHead(2, 312, 0, 0));
        expectsTags = false;
    }

    /// <summary>Joins the segments of one packet, across pages where it has to (RFC 3533 §5). False at the end of the file.</summary>
    private bool TryAssemble()
    {
        if (!isInside) packetLength = 0;
        while (true)
        {
            while (segment < pages.Lacing.Length)
            {
                int length = pages.Lacing[segment++];
                Append(pages.Body.Slice(bodyOffset, length));
                bodyOffset += length;
                isInside = length == 255;
                if (!isInside) return true;
            }
            if (!TryTurnPage()) return false;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (packetLength + bytes.Length <= packet.Length) bytes.CopyTo(packet.AsSpan(packetLength));
        packetLength += bytes.Length;
    }

    // The next page of the stream, or of one that is chained behind it.
    private bool TryTurnPage()
    {
        while (pages.TryReadPage())
        {
            NoteSkipped();
            if (IsOpusHead && (hasAudio || hasEnded)) TryChain();
            else if (pages.SerialNumber == serialNumber && TryEnter()) return true;
        }
        NoteSkipped();
        if (!hasEnded && hasAudio) Damages.Add(pages.NextOffset, "the input was cut off: no end-of-stream page");
        (hasEnded, segment) = (true, 0);
        return false;
    }

    private void TryChain()
    {
        try
        {
            BeginStream(OpusHead.Parse(pages.Body, pages.PageOffset));
        }
        catch (OggFormatException unreadable)
        {
            Damages.Add(unreadable.Offset, $"a chained stream is left out: {unreadable.Problem}");
            (hasEnded, serialNumber) = (true, ~pages.SerialNumber);
        }
    }

    // False: nothing on the page is audio.
    private bool TryEnter()
    {
        if (pages.SequenceNumber + 1 == nextSequenceNumber)
        {
            Damages.Add(pages.PageOffset, $"Ogg page {pages.SequenceNumber} came twice");
            return false;
        }
        CheckContinuity();
        (segment, bodyOffset) = (0, 0);
        if (pages.IsContinued && !isInside) SkipContinuation();
        if (!pages.IsContinued && isInside) DropPacket("a packet is not continued by the Ogg page");
        if (expectsTags && IsTags()) return false;
        hasAudio = true;
        PageSamples page = Survey() with { Granule = pages.GranulePosition, IsLast = pages.IsLast, IsBehindDamage = isBehindDamage };
        hasEnded = pages.IsLast;
        if (timeline.Enter(in page) is { } problem) Damages.Add(pages.PageOffset, problem);
        if (pages.GranulePosition >= 0) isBehindDamage = false;
        return true;
    }

    private void CheckContinuity()
    {
        if (pages.SequenceNumber != nextSequenceNumber)
        {
            Damages.Add(pages.PageOffset, $"Ogg page {nextSequenceNumber} is missing, {pages.SequenceNumber} came");
            isBehindDamage = true;
            (isInside, packetLength) = (false, 0);
        }
        nextSequenceNumber = pages.SequenceNumber + 1;
    }

    private void SkipContinuation()
    {
        if (!isBehindDamage) Damages.Add(pages.PageOffset, "an Ogg page that continues no packet");
        isBehindDamage = true;
        bool goesOn = true;
        while (goesOn && segment < pages.Lacing.Length)
        {
            int length = pages.Lacing[segment++];
            bodyOffset += length;
            goesOn = length == 255;
        }
    }

    private void DropPacket(string problem)
    {
        Damages.Add(pages.PageOffset, problem);
        isBehindDamage = true;
        (isInside, packetLength) = (false, 0);
    }

    // RFC 7845 §3: the tags end with their page; they may be of any length, a picture may be in them.
    private bool IsTags()
    {
        if (!IsTagsPage)
        {
            expectsTags = false;
            if (!isBehindDamage) Damages.Add(pages.PageOffset, "no OpusTags behind the OpusHead in the Ogg page");
            return false;
        }
        int at = pages.Lacing.IndexOfAnyExcept((byte)255);
        packetLength = Math.Max(packetLength, 8);
        if (!isInside) "OpusTags"u8.CopyTo(packet);
        isInside = at < 0;
        expectsTags = isInside;
        if (!isInside) packetLength = 0;
        segment = pages.Lacing.Length;
        return true;
    }

    /// <summary>What ends on the page, before it is read.</summary>
    private PageSamples Survey()
    {
        PageSamples page = default;
        bool isFirst = isInside;
        int at = bodyOffset, begin = bodyOffset;
        foreach (byte length in pages.Lacing[segment..])
        {
            at += length;
            if (length == 255) continue;
            ReadOnlySpan<byte> opus = isFirst ? packet.AsSpan(0, Math.Min(packetLength, packet.Length)) : pages.Body[begin..at];
            if (OpusPacket.TryGetDuration(opus, out int samples)) page = page with
            {
                Samples = page.Samples + samples,
                LastSamples = samples
            };
            else page = page with { HasHole = true, HasDamage = page.HasDamage || !opus.IsEmpty }; // an empty one was left out on purpose
            (isFirst, begin) = (false, at);
        }
        if (page.HasDamage) Damages.Add(pages.PageOffset, "an audio packet that is no Opus in the Ogg page");
        return page;
    }

    private void NoteSkipped()
    {
        if (pages.SkippedBytes == 0) return;
        Damages.Add(pages.PageOffset - pages.SkippedBytes, $"{pages.SkippedBecause}, {pages.SkippedBytes} bytes are passed over");
        isBehindDamage = true;
    }
}
