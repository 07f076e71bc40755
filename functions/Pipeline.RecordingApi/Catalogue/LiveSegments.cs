using Microsoft.Extensions.Caching.Memory;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>
/// The segments of recordings that run, as far as they were moved. Kept for recordings that were looked at lately, so that a look every
/// three seconds, and each window's pass, reads new rows only: of each track, those behind the last index before which none is missing.
/// </summary>
public sealed class LiveSegments(MovedSegments ledger, ErasedPeople erased, TimeProvider time) : IDisposable
{
    /// <summary>What a page may show: a look a second later reads once more.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private const int MostSegments = 250_000; // of all together, about 100 MB
    private const int Width = 8;
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(10);

    private readonly MemoryCache recordings = new(new MemoryCacheOptions { SizeLimit = MostSegments });

    /// <summary>All segments that had been moved at most so long ago, by start, then user and index.</summary>
    public async Task<IReadOnlyList<MovedSegment>> ReadAsync(RecordingId recording, TimeSpan age, CancellationToken cancellation)
    {
        Known known = recordings.Get<Known>(recording) ?? Keep(recording, new Known());
        await known.Gate.WaitAsync(cancellation);
        try
        {
            if (known.ReadAt is { } last && time.GetElapsedTime(last) < age) return known.Sorted;
            long now = time.GetTimestamp();
            await RefreshAsync(recording, known, cancellation);
            known.ReadAt = now;
            return Keep(recording, known).Sorted;
        }
        finally
        {
            known.Gate.Release();
        }
    }

    private async Task RefreshAsync(RecordingId recording, Known known, CancellationToken cancellation)
    {
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        List<MovedSegment> found = [];
        await Parallel.ForEachAsync(known.Unread(), width, async (range, stop) =>
        {
            List<MovedSegment> part = await ledger.ReadAsync(recording, range.From, range.To, stop);
            lock (found) found.AddRange(part);
        });
        known.Add(found, await erased.OfAsync(recording, cancellation));
    }

    public void Dispose() => recordings.Dispose();

    // With the size that it has by now; what does not fit is read as a whole the next time.
    private Known Keep(RecordingId recording, Known known) => recordings.Set(recording, known,
        new MemoryCacheEntryOptions { Size = 1 + known.Sorted.Count, SlidingExpiration = Unused });

    /// <summary>What was read of one recording.</summary>
    private sealed class Known
    {
        private readonly SortedDictionary<ulong, Dictionary<int, MovedSegment>> tracks = [];
        private readonly Dictionary<ulong, int> complete = [];

        public SemaphoreSlim Gate { get; } = new(1, 1);
        public long? ReadAt { get; set; }
        public IReadOnlyList<MovedSegment> Sorted { get; private set; } = [];

        /// <summary>Ranges of row keys that may hold something new: everything but the complete beginnings of the tracks.</summary>
        public List<(string From, string To)> Unread()
        {
            List<(string, string)> ranges = [];
            string from = MovedSegments.RowPrefix;
            foreach (ulong userId in tracks.Keys)
            {
                ranges.Add((from, MovedSegments.RowKey(userId, 0)));
                from = MovedSegments.RowKey(userId, complete.GetValueOrDefault(userId));
            }
            ranges.Add((from, RowFilter.Behind(MovedSegments.RowPrefix)));
            return ranges;
        }

        /// <param name="erased">Nothing is shown of these, whatever was read before.</param>
        public void Add(List<MovedSegment> found, IReadOnlySet<ulong> erased)
        {
            bool isNew = erased.Aggregate(false, (before, userId) => tracks.Remove(userId) | complete.Remove(userId) | before);
            found.RemoveAll(segment => erased.Contains(segment.UserId));
            foreach (MovedSegment segment in found)
            {
                if (!tracks.TryGetValue(segment.UserId, out Dictionary<int, MovedSegment>? track)) tracks[segment.UserId] = track = [];
                isNew |= track.TryAdd(segment.Index, segment);
            }
            if (!isNew) return;
            foreach ((ulong userId, Dictionary<int, MovedSegment> track) in tracks)
            {
                int next = complete.GetValueOrDefault(userId);
                while (track.ContainsKey(next)) next++;
                complete[userId] = next;
            }
            Sorted = [.. tracks.Values.SelectMany(track => track.Values).OrderBy(segment => segment.StartSample)
                .ThenBy(segment => segment.UserId).ThenBy(segment => segment.Index)];
        }
    }
}
