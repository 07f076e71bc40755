using Microsoft.Extensions.Caching.Memory;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// What services answered to init, while its upload URLs are good: a try that was put back goes on with the same places instead of asking
/// for as many again. In memory only, because upload URLs are secrets; another process asks once more.
/// </summary>
public sealed class BatchPlaces(TimeProvider time) : IDisposable
{
    // The contract gives upload URLs five minutes at least.
    private static readonly TimeSpan Good = TimeSpan.FromMinutes(4);

    private const int MostRecordings = 100;

    private readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = MostRecordings });

    /// <summary>Null where nothing was asked, it was too long ago, or for other segments.</summary>
    internal BatchInitResponse? Find(RecordingId recording, IReadOnlyList<LedgerSegment> segments) =>
        cache.TryGetValue(recording, out Answer? known) && known is not null && time.GetElapsedTime(known.AskedAt) < Good
            && known.Segments.SequenceEqual(segments.Select(segment => segment.Key)) ? known.Init : null;

    internal void Keep(RecordingId recording, IReadOnlyList<LedgerSegment> segments, BatchInitResponse init, long askedAt) =>
        cache.Set(recording, new Answer(init, [.. segments.Select(segment => segment.Key)], askedAt),
            new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Good });

    /// <summary>The places are used up, or the service does not take them any more.</summary>
    public void Forget(RecordingId recording) => cache.Remove(recording);

    public void Dispose() => cache.Dispose();

    /// <summary>True where the service is busy or away: the same place will be as good later.</summary>
    internal static bool IsStillGood(Exception fault) =>
        fault is RecordingApiException { IsTransient: true, Status: null or 408 or 425 or 429 or >= 500 };

    private sealed record Answer(BatchInitResponse Init, IReadOnlyList<SegmentKey> Segments, long AskedAt);
}
