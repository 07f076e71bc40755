using System.Collections.Concurrent;
using System.Diagnostics;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Brings one segment into the temp container and its message into the queue, in this order, and counts how long that took.
/// </summary>
internal sealed class SegmentDelivery(TempStorages storages, StorageRetry retry, BotMetrics metrics, TimeProvider time)
{
    private const int MaximumRemembered = 4096;

    private readonly ConcurrentDictionary<SegmentKey, TimeSpan> spokenToClosed = new();

    /// <summary>A segment was closed; any thread, never blocks.</summary>
    /// <param name="sinceSpoken">How long ago its first sample was spoken.</param>
    public void Closed(SegmentKey key, TimeSpan sinceSpoken)
    {
        metrics.SegmentClosed();
        if (spokenToClosed.Count < MaximumRemembered) spokenToClosed[key] = sinceSpoken;
    }

    /// <summary>The segment will not be delivered.</summary>
    public void Forget(SegmentKey key) => spokenToClosed.TryRemove(key, out _);

    /// <summary>
    /// Repeats both steps until the storage has taken them. Returns the time from the closed file to the queued message; null when its
    /// speaker has opted out before it was with the storage for good: then it is not there.
    /// </summary>
    /// <exception cref="SegmentConflictException">Another segment is there under this name.</exception>
    /// <exception cref="FileNotFoundException">Its file has gone from the spool.</exception>
    public async Task<TimeSpan?> DeliverAsync(PreparedSegment prepared, LiveManifest? manifest, CancellationToken stop)
    {
        SegmentKey key = prepared.File.Key;
        using Activity? activity = metrics.Traces.StartActivity("upload segment", ActivityKind.Producer, default(ActivityContext),
            startTime: prepared.File.ClosedAt);
        SegmentReady message = prepared.Message with { Traceparent = activity?.Id };
        TempStorage storage = storages.For(message.Session);
        bool isGone = false;
        await retry.ExecuteAsync(async token =>
        {
            if (manifest?.IsRefused(key) == true) return;
            isGone = !File.Exists(prepared.File.AudioPath); // Somebody has emptied the folder: no waiting brings it back.
            if (isGone) return;
            await using FileStream stream = prepared.OpenFile();
            await storage.PutSegmentAsync(message.BlobName, stream, Convert.FromBase64String(message.ContentMd5),
                SegmentMetadata.Write(message), token);
        }, stop);
        if (manifest?.TryDepart(key) == false)
        {
            // an answer that got lost may have left it there
            await retry.ExecuteAsync(token => storage.DeleteSegmentAsync(message.BlobName, token), stop);
            return null;
        }
        if (isGone) throw new FileNotFoundException("the segment is no longer in the spool", prepared.File.AudioPath);
        await retry.ExecuteAsync(token => storage.SendAsync(message, token), stop);
        return Count(message);
    }

    private TimeSpan Count(SegmentReady message)
    {
        TimeSpan sinceClosed = time.GetUtcNow() - message.ClosedAt;
        if (sinceClosed < TimeSpan.Zero) sinceClosed = TimeSpan.Zero;
        if (!spokenToClosed.TryRemove(message.Key, out TimeSpan spoken)) spoken = SampleClock.ToTime(message.SampleCount);
        metrics.SegmentUploaded(message.FileSize, sinceClosed, spoken + sinceClosed);
        return sinceClosed;
    }
}
