using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.Finalize;

/// <summary>What the bot announced against what the ledger holds. The ledger is read once, row by row, and not kept.</summary>
internal sealed class Completeness
{
    /// <summary>How many missing segments are named; the rest are counted.</summary>
    public const int MostNamed = 10_000;

    /// <summary>
    /// A week, the longest RECORDING_MAX_DURATION, with one every 200 ms, the shortest RECORDING_SILENCE_THRESHOLD; a larger claim is a
    /// damaged manifest. Together the tracks have at most as many as the contract's numbers can count.
    /// </summary>
    public const int MostSegmentsOfTrack = 7 * 24 * 60 * 60 * 5;

    private readonly HashSet<ulong> erased;
    private readonly List<TrackWalk> tracks;
    private readonly Dictionary<ulong, TrackWalk> walks;

    private Completeness(SessionManifest manifest, IReadOnlyDictionary<SegmentKey, string> faults)
    {
        Present = new PresentSegments(manifest.Session);
        erased = [.. manifest.Consent?.Erased() ?? []];
        Names names = new();
        tracks = [.. manifest.Tracks.Where(track => !erased.Contains(track.UserId))
            .Select(track => new TrackWalk(manifest.Session.RecordingId, track, faults, names))];
        walks = tracks.ToDictionary(walk => walk.UserId);
    }

    /// <summary>Segments that can be finalized, announced or not.</summary>
    public PresentSegments Present { get; }

    /// <summary><see cref="MostNamed"/> of them at most.</summary>
    public IReadOnlyList<MissingSegment> Missing { get; private set; } = [];

    public int MissingCount { get; private set; }

    /// <summary>Users whose segments are all there but do not give the announced chain.</summary>
    public IReadOnlyList<ulong> Unverified { get; private set; } = [];

    public int Announced { get; private set; }

    /// <summary>
    /// What the bot called somebody last; null where it does not say. A voice may have got its name after its last segment.
    /// </summary>
    public string? NameOf(ulong userId) => walks.GetValueOrDefault(userId)?.KnownName;

    /// <exception cref="MalformedMessageException">The manifest announces what no bot can have recorded.</exception>
    public static async Task<Completeness> ReadAsync(LedgerTable ledger, SessionManifest manifest, CancellationToken cancellation)
    {
        long[] counts = [.. manifest.Tracks.Select(track => track.Segments.Sum(range => Math.Max(0L, (long)range.Last - range.First + 1)))];
        if (counts.Any(count => count > MostSegmentsOfTrack) || counts.Sum() > int.MaxValue)
            throw new MalformedMessageException("the manifest announces more segments than a recording can have");
        RecordingId id = manifest.Session.RecordingId;
        Completeness found = new(manifest, await ledger.FaultsAsync(id, cancellation));
        await foreach (LedgerSegment segment in ledger.SegmentsAsync(id, cancellation)) found.Add(segment);
        found.Close();
        return found;
    }

    private void Add(LedgerSegment segment)
    {
        // Its row may not be gone yet.
        if (erased.Contains(segment.Key.UserId)) return;
        bool isPresent = segment.State is SegmentState.Moved or SegmentState.Collected;
        if (isPresent) Present.Add(segment);
        walks.GetValueOrDefault(segment.Key.UserId)?.Meet(segment, isPresent);
    }

    private void Close()
    {
        Present.Close();
        foreach (TrackWalk walk in tracks) walk.Close();
        Announced = tracks.Sum(walk => walk.Announced);
        MissingCount = tracks.Sum(walk => walk.MissingCount);
        Missing = [.. tracks.SelectMany(walk => walk.Missing)];
        Unverified = [.. tracks.Where(walk => walk.IsUnverified).Select(walk => walk.UserId)];
    }

    /// <summary>How many missing segments may still be named, over all tracks.</summary>
    private sealed class Names
    {
        public int Left { get; set; } = MostNamed;
    }

    /// <summary>
    /// Goes along the announced segments of a track while its rows come by, by index. A run that is missing is counted, not gone along:
    /// what is claimed costs neither time nor memory.
    /// </summary>
    private sealed class TrackWalk
    {
        private readonly RecordingId recording;
        private readonly TrackSummary track;
        private readonly IReadOnlyDictionary<SegmentKey, string> faults;
        private readonly Names names;
        private readonly IndexRange[] ranges;
        private readonly List<MissingSegment> missing = [];
        private string chain = SegmentChain.Empty;
        private int at; // the range of the next one
        private long next;

        public TrackWalk(RecordingId recording, TrackSummary track, IReadOnlyDictionary<SegmentKey, string> faults, Names names)
        {
            (this.recording, this.track, this.faults, this.names) = (recording, track, faults, names);
            ranges = [.. Apart(track.Segments)];
            Announced = ranges.Sum(range => range.Count);
            GoTo(0);
        }

        public ulong UserId => track.UserId;
        public string? KnownName => track.KnownName;
        public int Announced { get; }
        public int MissingCount { get; private set; }
        public IReadOnlyList<MissingSegment> Missing => missing;

        public bool IsUnverified => MissingCount == 0 && chain != SegmentChain.Empty
            && !string.Equals(chain, track.Chain, StringComparison.OrdinalIgnoreCase);

        private bool IsOver => at == ranges.Length;

        public void Meet(LedgerSegment segment, bool isPresent)
        {
            MissUntil(segment.Key.Index);
            if (IsOver || next != segment.Key.Index) return;
            if (isPresent)
            {
                chain = SegmentChain.Append(chain, segment.Key.Index, segment.ContentMd5);
                GoTo(next + 1);
            }
            else
            {
                MissUntil(next + 1, segment);
            }
        }

        public void Close() => MissUntil(long.MaxValue);

        private void MissUntil(long end, LedgerSegment? segment = null)
        {
            while (!IsOver && next < end)
            {
                long endOfRun = Math.Min(end, ranges[at].Last + 1L);
                MissingCount += (int)(endOfRun - next);
                for (long index = next; index < endOfRun && names.Left > 0; index++) Name((int)index, segment);
                GoTo(endOfRun);
            }
        }

        private void Name(int index, LedgerSegment? segment)
        {
            names.Left--;
            SegmentKey key = new(recording, track.UserId, index);
            missing.Add(new MissingSegment
            {
                UserId = key.UserId.ToString(CultureInfo.InvariantCulture),
                SegmentIndex = key.Index,
                Reason = segment is { State: SegmentState.Refused } ? "refused" : faults.GetValueOrDefault(key, "late"),
            });
        }

        private void GoTo(long index)
        {
            next = index;
            while (!IsOver && next > ranges[at].Last) at++;
            if (!IsOver) next = Math.Max(next, ranges[at].First);
        }

        // Rising, and none twice where ranges overlap.
        private static IEnumerable<IndexRange> Apart(IReadOnlyList<IndexRange> ranges)
        {
            long free = 0;
            foreach (IndexRange range in ranges.Where(range => range.First >= 0).OrderBy(range => range.First))
            {
                long first = Math.Max(free, range.First);
                if (first > range.Last) continue;
                yield return new IndexRange((int)first, range.Last);
                free = range.Last + 1L;
            }
        }
    }
}
