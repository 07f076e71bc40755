using System.Buffers;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Writes one Ogg Opus file (RFC 7845) out of Ogg Opus segments, window by window, without decoding or encoding anything: the segments' own
/// packets at their places, what lies between them as packets of silence of exact length. Windows are made apart and joined by putting
/// their bytes one behind the other: pages and granule positions are absolute, a packet belongs to the window in which it ends.
/// </summary>
/// <remarks>
/// The shortest packet is 2.5 ms, so a place is off by at most half of that where talk begins; a segment that goes on from the one before
/// follows it without a seam while it is off by at most 2.5 ms. A sender whose clock is so fast that more came than time went by is late
/// until his next silence, at most by 20 ms. A segment's pre-roll is left out: its packets stand before it, or are not to be heard.
/// </remarks>
public static class OggOpusJoin
{
    /// <summary>Samples of a page, 240 ms: a minute is 250 pages, and a page has room for any packets that a voice sends.</summary>
    public const int PageSamples = 11_520;

    /// <summary>Samples before the file's first one, of silence: 80 ms, as RFC 7845 §5.1 asks for what is cut out of a stream.</summary>
    public const int PreSkip = 3_840;

    /// <summary>Samples by which talk may lie behind its place, 20 ms; what overlaps by more cannot be joined.</summary>
    public const int MostLate = 960;

    /// <summary>A packet that begins so long before a window may end in it.</summary>
    public const int LongestPacket = OpusPacket.MaximumSamples;

    /// <summary>The two header pages.</summary>
    public static byte[] WriteHeader(uint serialNumber, int channels, IReadOnlyList<KeyValuePair<string, string>> comments) =>
        OggOpusWindow.WriteHeader(serialNumber, channels, PreSkip, comments);

    /// <summary>Writes one window.</summary>
    /// <param name="segments">By start: those with a sample in the window or in the second before it. One that cannot be read is
    /// silence.</param>
    /// <param name="start">First sample of the window in the file, a multiple of <see cref="PageSamples"/>.</param>
    /// <param name="end">End of the window, a multiple of <see cref="PageSamples"/>, or of the file.</param>
    /// <param name="isLast">The file ends here.</param>
    /// <param name="before">What the window before has left; nothing for the first one and behind silence.</param>
    /// <returns>What is left for the window behind.</returns>
    public static JoinPoint Write(IReadOnlyList<JoinedSegment> segments, long start, long end, bool isLast, JoinPoint before,
        uint serialNumber, IBufferWriter<byte> output)
    {
        if (start % PageSamples != 0 || (!isLast && end % PageSamples != 0))
            throw new ArgumentException($"a window from {start} to {end} does not begin and end with a page");
        OpusJoinWindow window = new(new OggPageWriter(serialNumber), output, start, end, isLast, before);
        long lastEnd = long.MinValue / 2;
        foreach (JoinedSegment segment in segments)
        {
            bool isOver = segment.Start + segment.Count <= start && segment.Index != before.Segment;
            if (!isOver && !window.TryAdd(segment, lastEnd)) break;
            lastEnd = segment.Start + segment.Count;
        }
        return window.Finish();
    }
}

/// <summary>One segment of a file that is joined.</summary>
/// <param name="Index">Of the segment in its track.</param>
/// <param name="Start">Its first sample in the file.</param>
/// <param name="Count">Samples.</param>
/// <param name="File">A whole Ogg Opus file.</param>
public sealed record JoinedSegment(int Index, long Start, long Count, ReadOnlyMemory<byte> File);

/// <summary>Where one window of a joined file leaves off and the next one goes on.</summary>
/// <param name="Early">Samples before the window's start at which its first packet begins: that one ends in it.</param>
/// <param name="Segment">The index of the segment that was begun; null where none is under way.</param>
/// <param name="Late">Samples by which its packets lie behind their places; negative: before them.</param>
public readonly record struct JoinPoint(int Early, int? Segment, int Late);
