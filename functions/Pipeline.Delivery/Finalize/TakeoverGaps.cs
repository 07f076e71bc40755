using Pipeline.Contracts;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// A bot that took a recording over without its predecessor's disk marks what it cannot know of as missing. The ledger knows what had
/// reached the storage even so: nobody recorded during the gap itself, so whatever began in it was recorded before.
/// </summary>
internal static class TakeoverGaps
{
    /// <summary>The manifest's gaps; those of a takeover without what is there.</summary>
    public static IReadOnlyList<RecordingGap> Narrow(SessionManifest manifest, IReadOnlyList<PresentSegment> present)
    {
        ILookup<ulong, (int Index, long Start, long Count)> segments = present.ToLookup(segment => segment.UserId, segment =>
            (segment.Index, segment.StartSample, segment.SampleCount));
        ulong[] users = [.. manifest.Tracks.Select(track => track.UserId).Union(segments.Select(track => track.Key)).Order()];
        List<RecordingGap> narrowed = [];
        foreach (RecordingGap gap in manifest.Gaps)
        {
            if (gap.Reason != RecordingGap.Takeover) narrowed.Add(gap);
            else if (gap.UserId is { } user) narrowed.AddRange(Of(gap, user, gap.StartSample, End(gap), segments[user]));
            else narrowed.AddRange(OfAll(gap, users, segments));
        }
        return [.. narrowed.Where(gap => gap.Reason != RecordingGap.Takeover),
            .. MissingStretches.JoinTails([.. narrowed.Where(gap => gap.Reason == RecordingGap.Takeover)])];
    }

    // Everybody's gap begins where the last of them was recorded; before that, each track has its own.
    private static IEnumerable<RecordingGap> OfAll(RecordingGap gap, ulong[] users, ILookup<ulong,
        (int Index, long Start, long Count)> segments)
    {
        long begun = segments.SelectMany(track => track).Where(segment => segment.Start < End(gap))
            .Select(segment => segment.Start + segment.Count).DefaultIfEmpty(0).Max();
        long start = Math.Clamp(begun, gap.StartSample, End(gap));
        IEnumerable<RecordingGap> own = users.SelectMany(user => Of(gap, user, gap.StartSample, start, segments[user]));
        return start < End(gap) ? [.. own, gap with { StartSample = start, SampleCount = End(gap) - start }] : own;
    }

    private static IEnumerable<RecordingGap> Of(RecordingGap gap, ulong user, long start, long end,
        IEnumerable<(int Index, long Start, long Count)> segments) =>
        MissingStretches.Of(start, end, segments)
            .Select(missing => gap with { UserId = user, StartSample = missing.Start, SampleCount = missing.End - missing.Start });

    private static long End(RecordingGap gap) => gap.StartSample + gap.SampleCount;
}
