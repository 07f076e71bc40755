using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// One track as the manifest tells it: the announced segments with their chain, and how far uploads have come. Not thread-safe.
/// </summary>
internal sealed class TrackAccount
{
    private const int MaximumListed = 64;

    private readonly List<IndexRange> announced = [];
    private readonly SortedDictionary<int, long> waiting = []; // index -> start sample of the oldest segments in the spool
    private readonly Dictionary<string, long> earlierHealth = [];
    private string username;
    private string chain;
    private long sampleCount;
    private long byteCount;
    private int lastClosed = -1;
    private int waitingUnlisted;
    private long oldestKnownStart;

    public TrackAccount(ulong userId)
    {
        (UserId, username, chain) = (userId, userId.ToString(CultureInfo.InvariantCulture), SegmentChain.Empty);
    }

    public TrackAccount(TrackSummary earlier)
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

    private int LastAnnounced => announced.Count == 0 ? -1 : announced[^1].Last;

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
        if (announced.Count > 0 && announced[^1].Last + 1 == entry.Index) announced[^1] = announced[^1] with { Last = entry.Index };
        else announced.Add(new IndexRange(entry.Index, entry.Index));
        chain = SegmentChain.Append(chain, entry.Index, entry.ContentMd5);
        sampleCount += entry.SampleCount;
        byteCount += entry.FileSize;
        username = entry.Username;
        return true;
    }

    public void Uploaded(int index)
    {
        if (!waiting.Remove(index) && waitingUnlisted > 0) waitingUnlisted--;
        if (waiting.Count > 0) oldestKnownStart = waiting.First().Value;
    }

    /// <param name="position">Of the recording at this moment.</param>
    public TrackSummary Summarize(TrackSnapshot? live, long position, int nextFreeIndex, IReadOnlyDictionary<string, long>? moreHealth = null) => new()
    {
        UserId = UserId,
        Username = live?.Username ?? username,
        Segments = [.. announced],
        SampleCount = sampleCount,
        ByteCount = byteCount,
        Chain = chain,
        NextFreeIndex = nextFreeIndex,
        SafeSample = Math.Min(position, Math.Min(WaitsSince ?? position, live?.OpenSince ?? position)),
        Health = SumHealth(live, moreHealth),
    };

    private Dictionary<string, long> SumHealth(TrackSnapshot? live, IReadOnlyDictionary<string, long>? more)
    {
        Dictionary<string, long> sum = new(earlierHealth);
        foreach ((string name, long count) in live?.Health.ToDictionary() ?? new Dictionary<string, long>()) sum[name] = sum.GetValueOrDefault(name) + count;
        foreach ((string name, long count) in more ?? new Dictionary<string, long>()) sum[name] = sum.GetValueOrDefault(name) + count;
        return sum;
    }
}
