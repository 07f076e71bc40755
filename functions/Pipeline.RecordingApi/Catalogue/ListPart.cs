using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>A stretch of a long list of segments, as the catalogue knows it before the list is finalized.</summary>
/// <param name="Hash">Only equal content has it.</param>
/// <param name="First">Number of its first segment in the list.</param>
/// <param name="IsWritten">Its segments are all in the table.</param>
public sealed record ListPart(int Number, string Hash, int First, bool IsWritten, ListPartSummary Summary);

/// <summary>What of a part the whole list is judged and shown by.</summary>
public sealed record ListPartSummary
{
    public required int Count { get; init; }

    /// <summary>Start (Unix ms), user id and index of the first and of the last segment: parts follow one another in this order.</summary>
    public required SegmentPosition First { get; init; }

    public required SegmentPosition Last { get; init; }

    /// <summary>Milliseconds of the longest segment.</summary>
    public required long LongestSegment { get; init; }

    public required IReadOnlyList<PartTrack> Tracks { get; init; }
}

/// <summary>Where a segment stands in a list.</summary>
public readonly record struct SegmentPosition(long AbsoluteStartTime, string UserId, int SegmentIndex)
{
    public static SegmentPosition Of(RecordingSegment segment) =>
        new(segment.AbsoluteStartTime, segment.UserId, segment.SegmentIndex);

    public int CompareTo(SegmentPosition other)
    {
        int byTime = AbsoluteStartTime.CompareTo(other.AbsoluteStartTime);
        if (byTime != 0) return byTime;
        int byUser = string.CompareOrdinal(UserId, other.UserId);
        return byUser != 0 ? byUser : SegmentIndex.CompareTo(other.SegmentIndex);
    }
}

/// <summary>One person's segments in a part. Samples at 48 kHz since the start of the recording.</summary>
/// <param name="Username">Of the last of them, which starts at <paramref name="NamedAt"/>.</param>
/// <param name="Indexes">Rising, none twice.</param>
public sealed record PartTrack(string UserId, string Username, long NamedAt, long StartSample, long EndSample, long SpokenSamples,
    IReadOnlyList<IndexRange> Indexes);
