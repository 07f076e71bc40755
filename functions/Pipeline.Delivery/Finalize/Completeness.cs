using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.Finalize;

/// <summary>What the bot announced against what the ledger holds.</summary>
internal sealed class Completeness
{
    // A bot that speaks for a day without pause writes 8,640 segments per speaker; a larger claim is a damaged manifest.
    private const long MostSegments = 2_000_000;

    private Completeness(List<LedgerSegment> present, List<MissingSegment> missing, List<ulong> unverified, int announced)
    {
        (Present, Missing, Unverified, Announced) = (present, missing, unverified, announced);
    }

    /// <summary>Segments that can be finalized, announced or not, by start, user and index.</summary>
    public IReadOnlyList<LedgerSegment> Present { get; }

    public IReadOnlyList<MissingSegment> Missing { get; }

    /// <summary>Users whose segments are all there but do not give the announced chain.</summary>
    public IReadOnlyList<ulong> Unverified { get; }

    public int Announced { get; }

    /// <exception cref="MalformedMessageException">The manifest announces what no bot can have recorded.</exception>
    public static Completeness Of(LedgerContent content, SessionManifest manifest)
    {
        if (manifest.Tracks.Sum(track => track.Segments.Sum(range => Math.Max(0L, (long)range.Last - range.First + 1))) > MostSegments)
        {
            throw new MalformedMessageException("the manifest announces more segments than a recording can have");
        }
        List<MissingSegment> missing = [];
        List<ulong> unverified = [];
        int announced = 0;
        foreach (TrackSummary track in manifest.Tracks)
        {
            int before = missing.Count;
            string chain = SegmentChain.Empty;
            foreach (int index in Indexes(track))
            {
                announced++;
                SegmentKey key = new(manifest.Session.RecordingId, track.UserId, index);
                if (content.Segments.TryGetValue(key, out LedgerSegment? segment) && IsPresent(segment))
                    chain = SegmentChain.Append(chain, index, segment.ContentMd5);
                else missing.Add(Miss(key, segment, content));
            }
            if (missing.Count == before && chain != SegmentChain.Empty
                && !string.Equals(chain, track.Chain, StringComparison.OrdinalIgnoreCase)) unverified.Add(track.UserId);
        }
        IEnumerable<LedgerSegment> present = content.Segments.Values.Where(IsPresent).OrderBy(segment => segment.StartSample)
            .ThenBy(segment => segment.Key.UserId).ThenBy(segment => segment.Key.Index);
        return new Completeness([.. present], missing, unverified, announced);
    }

    private static bool IsPresent(LedgerSegment segment) => segment.State is SegmentState.Moved or SegmentState.Collected;

    private static IEnumerable<int> Indexes(TrackSummary track) =>
        track.Segments.Where(range => range.First >= 0 && range.Last >= range.First).OrderBy(range => range.First)
            .SelectMany(range => Enumerable.Range(range.First, range.Count)).Distinct();

    private static MissingSegment Miss(SegmentKey key, LedgerSegment? segment, LedgerContent content) => new()
    {
        UserId = key.UserId.ToString(CultureInfo.InvariantCulture),
        SegmentIndex = key.Index,
        Reason = segment is { State: SegmentState.Refused } ? "refused" : content.Faults.GetValueOrDefault(key, "late"),
    };
}
