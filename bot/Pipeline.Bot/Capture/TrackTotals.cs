using System.Collections.Immutable;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>All closed segments of a track in figures. Replaced as a whole when one more is closed.</summary>
internal sealed record TrackTotals(ImmutableArray<IndexRange> Segments, long SampleCount, long ByteCount)
{
    public static TrackTotals Empty { get; } = new([], 0, 0);

    public TrackTotals With(ClosedSegment segment) =>
        new(Append(segment.Key.Index), SampleCount + segment.SampleCount, ByteCount + segment.FileSize);

    private ImmutableArray<IndexRange> Append(int index)
    {
        bool continues = Segments.Length > 0 && Segments[^1].Last + 1 == index;
        return continues ? Segments.SetItem(Segments.Length - 1, Segments[^1] with { Last = index }) : Segments.Add(new IndexRange(index, index));
    }
}
