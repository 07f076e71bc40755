using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// One track as the manifest tells it: the announced segments with their chain, and how far uploads have come. Not thread-safe.
/// </summary>
internal sealed class TrackManifest
{
    private const int MaximumListed = 64;

    private readonly List<IndexRange> announced = [];
    private readonly List<JournalEntry> onTheirWay = []; // announced, not yet confirmed: until then they can be taken back
    private readonly HashSet<int> departed = []; // of those: with the storage for good
    private readonly HashSet<int> confirmed = []; // of those: uploaded before an earlier one
    private readonly SortedDictionary<int, long> waiting = []; // index -> start sample of the oldest segments in the spool
    private readonly Dictionary<string, long> earlierHealth = [];
    private string username;
    private string chain;
    private long sampleCount;
    private long byteCount;
    private int lastClosed = -1;
    private int waitingUnlisted;
    private long oldestKnownStart;

    public TrackManifest(ulong userId)
    {
        (UserId, username, chain) = (userId, userId.ToString(CultureInfo.InvariantCulture), SegmentChain.Empty);
    }

    public TrackManifest(TrackSummary earlier)
    {
        (UserId, username, chain) = (earlier.UserId, earlier.Username, earlier.Chain);
        (sampleCount, byteCount) = (earlier.SampleCount, earlier.ByteCount);
        announced.AddRange(earlier.Segments);
        foreach ((string name, long count) in earlier.Health) earlierHealth[name] = count;
    }

    public ulong UserId { get; }

    /// <summary>Where the oldest segment that waits for its upload starts, or null when none waits.</summary>
    public long? WaitsSince => waiting.Count + waitingUnlisted == 0 ? null : oldestKnownStart;

    /// <summary>First index that no segment of this track has used or may be writing now.</summary>
    public int NextIndex => Math.Max(lastClosed, LastAnnounced) + 1;

    private int LastAnnounced => onTheirWay.Count > 0 ? onTheirWay[^1].Index : announced.Count == 0 ? -1 : announced[^1].Last;

    /// <summary>Lists the segment as waiting. Beyond the oldest few only their number is kept.</summary>
    public void Closed(int index, long startSample)
    {
        lastClosed = Math.Max(lastClosed, index);
        if (waiting.Count + waitingUnlisted == 0) oldestKnownStart = startSample;
        if (waiting.Count < MaximumListed && waitingUnlisted == 0) waiting[index] = startSample;
        else waitingUnlisted++;
    }

    /// <summary>Takes the segment into ranges, sums and chain. False: it is there already, or comes after a later one.</summary>
    public bool Announce(JournalEntry entry)
    {
        if (entry.Index <= LastAnnounced) return false;
        if (onTheirWay.Count == MaximumListed) Settle(); // the oldest cannot be put, or was uploaded by an earlier process
        onTheirWay.Add(entry);
        username = entry.Username;
        return true;
    }

    /// <summary>The segment can no longer be taken back.</summary>
    public void Depart(int index) => departed.Add(index);

    public bool HasDeparted(int index) => departed.Contains(index);

    public void Uploaded(int index)
    {
        confirmed.Add(index);
        while (onTheirWay.Count > 0 && confirmed.Contains(onTheirWay[0].Index)) Settle();
        if (!onTheirWay.Exists(entry => entry.Index == index)) Forget(index);
        Arrived(index);
    }

    /// <summary>The segment is announced no longer; its index stays used. False: it was not.</summary>
    public bool TakeBack(int index)
    {
        Skip(index);
        return onTheirWay.RemoveAll(entry => entry.Index == index) > 0;
    }

    /// <summary>The segment never was; its index stays used.</summary>
    public void Erase(int index)
    {
        TakeBack(index);
        Arrived(index);
    }

    /// <summary>No segment gets this index or one below it.</summary>
    public void Skip(int index) => lastClosed = Math.Max(lastClosed, index);

    /// <param name="position">Of the recording at this moment.</param>
    public TrackSummary Summarize(TrackSnapshot? live, long position, int nextFreeIndex, IReadOnlyDictionary<string,
        long>? moreHealth = null) => new()
        {
            UserId = UserId,
            Username = live?.Username ?? username,
            Segments = onTheirWay.Aggregate(announced.ToList(), With),
            SampleCount = sampleCount + onTheirWay.Sum(entry => entry.SampleCount),
            ByteCount = byteCount + onTheirWay.Sum(entry => entry.FileSize),
            Chain = onTheirWay.Aggregate(chain, (link, entry) => SegmentChain.Append(link, entry.Index, entry.ContentMd5)),
            NextFreeIndex = nextFreeIndex,
            SafeSample = SafePosition.Of(position, WaitsSince, live?.OpenSince).Sample,
            Health = SumHealth(live, moreHealth),
        };

    /// <summary>The oldest segment under way becomes part of what can no longer change.</summary>
    private void Settle()
    {
        JournalEntry entry = onTheirWay[0];
        onTheirWay.RemoveAt(0);
        With(announced, entry);
        chain = SegmentChain.Append(chain, entry.Index, entry.ContentMd5);
        sampleCount += entry.SampleCount;
        byteCount += entry.FileSize;
        Forget(entry.Index);
    }

    private void Forget(int index)
    {
        departed.Remove(index);
        confirmed.Remove(index);
    }

    private void Arrived(int index)
    {
        if (!waiting.Remove(index) && waitingUnlisted > 0) waitingUnlisted--;
        if (waiting.Count > 0) oldestKnownStart = waiting.First().Value;
    }

    private static List<IndexRange> With(List<IndexRange> ranges, JournalEntry entry)
    {
        if (ranges.Count > 0 && ranges[^1].Last + 1 == entry.Index) ranges[^1] = ranges[^1] with { Last = entry.Index };
        else ranges.Add(new IndexRange(entry.Index, entry.Index));
        return ranges;
    }

    private Dictionary<string, long> SumHealth(TrackSnapshot? live, IReadOnlyDictionary<string, long>? more)
    {
        Dictionary<string, long> sum = new(earlierHealth);
        foreach ((string name, long count) in live?.Health.ToDictionary() ?? new Dictionary<string, long>())
            sum[name] = sum.GetValueOrDefault(name) + count;
        foreach ((string name, long count) in more ?? new Dictionary<string, long>()) sum[name] = sum.GetValueOrDefault(name) + count;
        return sum;
    }
}
