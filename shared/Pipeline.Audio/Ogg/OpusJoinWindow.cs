using System.Buffers;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>One window of <see cref="OggOpusJoin"/> while it is written. Positions are samples of the file, multiples of 2.5 ms.</summary>
internal sealed class OpusJoinWindow
{
    private const int Grid = OpusPacket.ShortestFrame;
    private const int FrameSamples = 960;
    private const int MostMadeUp = 5 * FrameSamples; // beyond it a decoder invents words
    private const int MostSegments = 255; // of a page
    private const int HeaderPages = 2;

    private readonly OggPageWriter pages;
    private readonly IBufferWriter<byte> output;
    private readonly long start;
    private readonly long end;
    private readonly bool isLast;
    private readonly JoinPoint before;
    private readonly byte[] filler = new byte[OpusFiller.LongestPacket];
    private long cursor; // end of the last packet
    private int page;
    private int lacing; // used on it
    private byte toc = OpusPacket.SilenceMarker[0]; // of the last packet
    private int? underWay;
    private int late;

    public OpusJoinWindow(OggPageWriter pages, IBufferWriter<byte> output, long start, long end, bool isLast, JoinPoint before)
    {
        (this.pages, this.output, this.start, this.end, this.isLast, this.before) = (pages, output, start, end, isLast, before);
        cursor = start == 0 ? -OggOpusJoin.PreSkip : start - before.Early;
    }

    private int LastPage => (int)Math.Max(0, ((end - start + OggOpusJoin.PageSamples - 1) / OggOpusJoin.PageSamples) - 1);

    /// <summary>Adds a segment's packets as far as they end in this window.</summary>
    /// <param name="lastEnd">End of the segment before it.</param>
    /// <returns>False: the window is full.</returns>
    public bool TryAdd(JoinedSegment segment, long lastEnd)
    {
        if (FirstPacket(segment) is not { } first) return true;
        long place = Nearest(segment.Start + first);
        if (segment.Index == before.Segment) late = before.Late;
        else Approach(place, isWithinTalk: Math.Abs(segment.Start - lastEnd) <= Grid);
        long segmentEnd = Nearest(segment.Start + segment.Count);
        OggSegmentReader reader = new(segment.File.Span);
        long offset = -reader.Head.PreSkip;
        for (; reader.TryRead(out ReadOnlySpan<byte> packet, out int samples); offset += samples)
        {
            if (offset < first) continue;
            if (offset >= segment.Count) break;
            long at = place + offset - first + late;
            if (at < cursor) continue; // the window before has it, or another segment lies there
            if (at > cursor) FillSilence(at);
            bool isTime = OpusFiller.IsLoss(packet) || OpusPacket.IsSilent(packet);
            int wanted = !isTime ? samples
                : (int)Math.Clamp(Math.Min(samples - Math.Max(0, late), segmentEnd - cursor), 0, samples);
            if (!HasRoom(wanted))
            {
                underWay = segment.Index;
                return false;
            }
            if (wanted == samples) Emit(packet, samples);
            else if (OpusFiller.IsLoss(packet)) MakeUp(wanted);
            else FillSilence(cursor + wanted);
            late -= samples - wanted;
        }
        late = 0;
        return true;
    }

    /// <summary>Fills the rest with silence.</summary>
    public JoinPoint Finish()
    {
        if (underWay is null) FillSilence(end + (isLast ? Grid - 1 : 0));
        bool isWhole = isLast || underWay is null;
        pages.Flush(isLast ? OggPageWriter.Last : (byte)0, OggOpusJoin.PreSkip + (isLast ? end : cursor), PageNumber, output);
        return isWhole ? default : new JoinPoint((int)(end - cursor), underWay, late);
    }

    private uint PageNumber => (uint)(HeaderPages + (start / OggOpusJoin.PageSamples) + page);

    /// <summary>
    /// Offset of the first packet that is heard, from the segment's first sample; 0 but for files of strangers. Null: the file is damaged.
    /// </summary>
    private static long? FirstPacket(JoinedSegment segment)
    {
        try
        {
            OggSegmentReader reader = new(segment.File.Span);
            long? first = null;
            long offset = -reader.Head.PreSkip;
            for (; reader.TryRead(out _, out int samples); offset += samples)
            {
                if (offset + samples > 0) first ??= offset;
            }
            return first;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    // Talk that goes on is not touched while it is off by no more than the shortest frame.
    private void Approach(long place, bool isWithinTalk)
    {
        long gap = place - cursor;
        if (gap > (isWithinTalk ? Grid : 0))
        {
            if (isWithinTalk && gap <= MostMadeUp) MakeUp((int)Math.Min(gap, end - cursor));
            else FillSilence(place);
        }
        late = (int)Math.Clamp(cursor - place, -Grid, OggOpusJoin.MostLate + 1);
        if (late > OggOpusJoin.MostLate || place > cursor + Grid) late = 0;
    }

    private bool HasRoom(int samples) => isLast ? cursor < end : cursor + samples <= end;

    private void FillSilence(long to)
    {
        to = Math.Min(to, isLast ? end + Grid - 1 : end);
        while (to - cursor >= OpusPacket.MaximumSamples)
            Emit(OpusFiller.LongSilence, OpusPacket.MaximumSamples);
        while (to - cursor >= FrameSamples) Emit(OpusPacket.SilenceMarker, FrameSamples);
        int frames = (int)(to - cursor) / Grid;
        if (frames > 0) Emit(filler.AsSpan(0, OpusFiller.WriteShortSilence(filler, frames)), frames * Grid);
    }

    // Of the kind that the packet before had, the rest in the shortest frames.
    private void MakeUp(int samples)
    {
        byte kind = toc;
        int frame = OpusPacket.FrameSamples(kind);
        for (; samples >= frame; samples -= frame) Emit(filler.AsSpan(0, OpusFiller.WriteLoss(filler, kind, 1)), frame);
        int left = samples / Grid;
        if (left > 0) Emit(filler.AsSpan(0, OpusFiller.WriteShortLoss(filler, kind, left)), left * Grid);
        toc = kind;
    }

    private void Emit(ReadOnlySpan<byte> packet, int samples)
    {
        long to = cursor + samples;
        int on = (int)Math.Clamp(((to - start + OggOpusJoin.PageSamples - 1) / OggOpusJoin.PageSamples) - 1, 0, LastPage);
        if (on != page)
        {
            pages.Flush(0, OggOpusJoin.PreSkip + cursor, PageNumber, output);
            (page, lacing) = (on, 0);
        }
        // What comes behind it on the page may be of the shortest packets.
        long behind = Math.Max(0, (start + ((page + 1L) * OggOpusJoin.PageSamples) - to) / Grid);
        if (lacing + (packet.Length / 255) + 1 + behind > MostSegments)
        {
            // Over 1.5 Mbit/s: no voice, and no room for it.
            filler[0] = (byte)(packet[0] | 3);
            filler[1] = (byte)(samples / OpusPacket.FrameSamples(packet[0]));
            packet = filler.AsSpan(0, 2);
        }
        if (!pages.TryAdd(packet)) throw new InvalidOperationException($"{packet.Length} bytes do not fit in a page of 240 ms");
        lacing += (packet.Length / 255) + 1;
        toc = packet[0];
        cursor = to;
    }

    private static long Nearest(long sample) => (long)Math.Floor((sample + (Grid / 2)) / (double)Grid) * Grid;
}
