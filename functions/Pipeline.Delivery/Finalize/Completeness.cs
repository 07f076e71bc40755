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

    // A bot that speaks for a day without pause writes 8,640 segments per speaker; a larger claim is a damaged manifest.
    private const long MostSegments = 2_000_000;

    private readonly HashSet<ulong> erased;
    private readonly List<TrackWalk> tracks;
    private readonly Dictionary<ulong, TrackWalk> walks;

    private Completeness(SessionManifest manifest, IReadOnlyDictionary<SegmentKey, string> faults)
    {
        Present = new PresentSegments(manifest.Session);
        erased = [.. manifest.Consent?.Erased() ?? []];
        tracks = [.. manifest.Tracks.Where(track => !erased.Contains(track.UserId))
            .Select(track => new TrackWalk(manifest.Session.RecordingId, track, faults))];
        walks = tracks.ToDictionary(walk => walk.UserId);
    }

    /// <summary>Segments that can be finalized, announced or not.</summary>
    public PresentSegments Present { get; }

    /// <summary>The first <see cref="MostNamed"/> of them.</summary>
    public IReadOnlyList<MissingSegment> Missing { get; private set; } = [];

    public int MissingCount { get; private set; }

    /// <summary>Users whose segments are all there but do not give the announced chain.</summary>
    public IReadOnlyList<ulong> Unverified { get; private set; } = [];

    public int Announced { get; private set; }

    /// <exception cref="MalformedMessageException">The manifest announces what no bot can have recorded.</exception>
    public static async Task<Completeness> ReadAsync(LedgerTable ledger, SessionManifest manifest, CancellationToken cancellation)
    {
        if (manifest.Tracks.Sum(track => track.Segments.Sum(range => Math.Max(0L, (long)range.Last - range.First + 1))) > MostSegments)
        {
            throw new MalformedMessageException("the manifest announces more segments than a recording can have");
        }
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
        Missing = [.. tracks.SelectMany(walk => walk.Missing).Take(MostNamed)];
        Unverified = [.. tracks.Where(walk => walk.IsUnverified).Select(walk => walk.UserId)];
    }

    /// <summary>Goes along the announced segments of a track while its rows come by, by index.</summary>
    private sealed class TrackWalk
    {
        private readonly RecordingId recording;
        private readonly TrackSummary track;
        private readonly IReadOnlyDictionary<SegmentKey, string> faults;
        private readonly IEnumerator<int> announced;
        private readonly List<MissingSegment> missing = [];
        private string chain = SegmentChain.Empty;
        private bool isOver;

        public TrackWalk(RecordingId recording, TrackSummary track, IReadOnlyDictionary<SegmentKey, string> faults)
        {
            (this.recording, this.track, this.faults) = (recording, track, faults);
            announced = Indexes(track).GetEnumerator();
            Next();
        }

        public ulong UserId => track.UserId;
        public int Announced { get; private set; }
        public int MissingCount { get; private set; }
        public IReadOnlyList<MissingSegment> Missing => missing;

        public bool IsUnverified => MissingCount == 0 && chain != SegmentChain.Empty
            && !string.Equals(chain, track.Chain, StringComparison.OrdinalIgnoreCase);

        public void Meet(LedgerSegment segment, bool isPresent)
        {
            while (!isOver && announced.Current < segment.Key.Index) Miss(null);
            if (isOver || announced.Current != segment.Key.Index) return;
            if (isPresent)
            {
                chain = SegmentChain.Append(chain, segment.Key.Index, segment.ContentMd5);
                Next();
            }
            else
            {
                Miss(segment);
            }
        }

        public void Close()
        {
            while (!isOver) Miss(null);
        }

        private void Miss(LedgerSegment? segment)
        {
            SegmentKey key = new(recording, track.UserId, announced.Current);
            MissingCount++;
            if (missing.Count < MostNamed)
            {
                missing.Add(new MissingSegment
                {
                    UserId = key.UserId.ToString(CultureInfo.InvariantCulture),
                    SegmentIndex = key.Index,
                    Reason = segment is { State: SegmentState.Refused } ? "refused" : faults.GetValueOrDefault(key, "late"),
                });
            }
            Next();
        }

        private void Next()
        {
            isOver = !announced.MoveNext();
            if (!isOver) Announced++;
        }

        // Rising, and none twice where ranges overlap.
        private static IEnumerable<int> Indexes(TrackSummary track)
        {
            int next = 0;
            foreach (IndexRange range in track.Segments.Where(range => range.First >= 0).OrderBy(range => range.First))
            {
                for (next = Math.Max(next, range.First); next <= range.Last && next < int.MaxValue; next++) yield return next;
            }
        }
    }
}
