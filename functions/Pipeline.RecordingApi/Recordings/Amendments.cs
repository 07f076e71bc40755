using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>When a finished recording may still grow, and what growing means.</summary>
internal static class Amendments
{
    /// <summary>Segments are known to be missing, or nobody was there to say how many there are.</summary>
    public static bool AreExpected(RecordingDetails details) =>
        details.MissingSegmentCount > 0 || details.EndReason == "interrupted";

    /// <summary>True when every segment of before stands in the new list with the same bytes and times.</summary>
    public static bool Keeps(IReadOnlyList<RecordingSegment> before, IReadOnlyList<RecordingSegment> after)
    {
        Dictionary<(string, int), RecordingSegment> known = after.ToDictionary(segment => (segment.UserId, segment.SegmentIndex));
        return before.All(old => known.TryGetValue((old.UserId, old.SegmentIndex), out RecordingSegment? same) && IsKept(old, same));
    }

    /// <summary>True where the same segment has the same bytes and times. What was left open before may be said now.</summary>
    public static bool IsKept(RecordingSegment old, RecordingSegment same) =>
        same.FileSize == old.FileSize && same.AbsoluteStartTime == old.AbsoluteStartTime && same.Duration == old.Duration
        && (same.ContentMd5 == old.ContentMd5 || old.ContentMd5 is null)
        && (same.StartSample == old.StartSample || old.StartSample is null)
        && (same.SampleCount == old.SampleCount || old.SampleCount is null)
        && (same.Channels == old.Channels || old.Channels is null);
}
