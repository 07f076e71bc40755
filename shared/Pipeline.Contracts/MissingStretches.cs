namespace Pipeline.Contracts;

/// <summary>What of a stretch of one track is really missing when some of its segments are known. Positions in samples at 48 kHz.</summary>
public static class MissingStretches
{
    /// <summary>
    /// The parts of [<paramref name="start"/>, <paramref name="end"/>) that no segment covers. Between two segments of
    /// consecutive indexes nothing is missing: there was silence.
    /// </summary>
    /// <param name="segments">All that are known of this track, in any order: also those before the stretch.</param>
    /// <returns>Ascending, without overlap; empty when nothing is missing.</returns>
    public static IReadOnlyList<(long Start, long End)> Of(long start, long end, IEnumerable<(int Index, long Start, long Count)> segments)
    {
        List<(long, long)> missing = [];
        long cursor = start;
        int previous = -1; // Before index 0 there is nothing.
        foreach ((int index, long first, long count) in segments.Where(segment => segment.Start < end).OrderBy(segment => segment.Start)
            .ThenBy(segment => segment.Index))
        {
            if (first > cursor && index != previous + 1) missing.Add((cursor, first));
            cursor = Math.Max(cursor, first + count);
            previous = index;
        }
        if (cursor < end) missing.Add((cursor, end));
        return missing;
    }

    /// <summary>
    /// Takes gaps of single tracks of less than a second, which end where the gap of all begins, into the latter: what was heard in the
    /// last
    /// moment and was in no segment yet.
    /// </summary>
    public static IReadOnlyList<RecordingGap> JoinTails(IReadOnlyList<RecordingGap> gaps)
    {
        List<RecordingGap> joined = [];
        HashSet<RecordingGap> tails = [];
        foreach (RecordingGap gap in gaps.Where(gap => gap.UserId is null))
        {
            RecordingGap[] own = [.. gaps.Where(tail =>
                tail.UserId is not null && tail.Reason == gap.Reason && tail.StartSample + tail.SampleCount == gap.StartSample
                && tail.SampleCount < SampleClock.SamplesPerSecond)];
            tails.UnionWith(own);
            long longest = own.Select(tail => tail.SampleCount).DefaultIfEmpty(0).Max();
            joined.Add(gap with { StartSample = gap.StartSample - longest, SampleCount = gap.SampleCount + longest });
        }
        return [.. gaps.Where(gap => gap.UserId is not null && !tails.Contains(gap)), .. joined];
    }
}
