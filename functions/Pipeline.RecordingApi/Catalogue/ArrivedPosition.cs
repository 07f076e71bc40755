using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>How far a running recording can be listened to and rendered.</summary>
internal static class ArrivedPosition
{
    /// <summary>
    /// Sample of the recording before which everything that the bot heard has been moved: all of it is safe there, and what was announced
    /// is in the ledger. Not before 0.
    /// </summary>
    /// <param name="manifest">The bot's own account; may be older or younger than the list.</param>
    /// <param name="segments">What has arrived, in any order.</param>
    public static long Of(SessionManifest manifest, IReadOnlyList<MovedSegment> segments)
    {
        ILookup<ulong, MovedSegment> byUser = segments.ToLookup(segment => segment.UserId);
        return manifest.Tracks.Select(track => Math.Min(track.SafeSample ?? 0, Arrived(track, byUser[track.UserId])))
            .Append(manifest.SampleCount).Min();
    }

    // Where the first announced segment begins, at the earliest, that is still on its way.
    private static long Arrived(TrackSummary track, IEnumerable<MovedSegment> segments)
    {
        Dictionary<int, MovedSegment> known = segments.ToDictionary(segment => segment.Index);
        long end = 0;
        foreach (IndexRange range in track.Segments)
        {
            for (long index = range.First; index <= range.Last; index++)
            {
                if (!known.TryGetValue((int)index, out MovedSegment? segment)) return end;
                end = Math.Max(0, segment.StartSample + segment.SampleCount);
            }
        }
        return long.MaxValue;
    }
}
