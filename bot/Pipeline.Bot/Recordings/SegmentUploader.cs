using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Empties the spool: every closed segment is put into the temp container, then announced in the queue, then deleted, in this order,
/// so that a crash between two steps only repeats them. The folder is the queue: it is scanned at start and whenever a segment
/// was closed, and what cannot be put yet waits there. In memory there are never more than the segments on their way.
/// </summary>
internal sealed class SegmentUploader : BackgroundService
{
    private const int MaximumRemembered = 4096;
    private static readonly TimeSpan RescanInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<SegmentKey, Task> underWay = new();
    private readonly ConcurrentDictionary<SegmentKey, TimeSpan> spokenToClosed = new();
    private readonly ConcurrentDictionary<SegmentKey, long> failedAt = new();
    private readonly SegmentSpool spool;
    private readonly TempStorages storages;
    private readonly LiveManifests keepers;
    private readonly StorageRetry retry;
    private readonly UploadOptions options;
    private readonly BotMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<SegmentUploader> logger;
    private readonly SemaphoreSlim slots;

    public SegmentUploader(SegmentSpool spool, TempStorages storages, LiveManifests keepers, StorageRetry retry, UploadOptions options, BotMetrics metrics, TimeProvider time, ILogger<SegmentUploader> logger)
    {
        (this.spool, this.storages, this.keepers, this.retry) = (spool, storages, keepers, retry);
        (this.options, this.metrics, this.time, this.logger) = (options, metrics, time, logger);
        slots = new SemaphoreSlim(options.Parallelism);
    }

    /// <summary>Called on an upload's thread when a recording's segment has left the spool; must not block.</summary>
    public Action<RecordingId>? SegmentLeft { get; set; }

    /// <summary>A segment was closed; any thread, never blocks.</summary>
    /// <param name="sinceSpoken">How long ago its first sample was spoken.</param>
    public void Post(ClosedSegment segment, TimeSpan sinceSpoken)
    {
        spool.Added(segment.FileSize);
        metrics.SegmentClosed();
        if (spokenToClosed.Count < MaximumRemembered) spokenToClosed[segment.Key] = sinceSpoken;
        wake.Writer.TryWrite(true);
    }

    /// <summary>Looks at the folder again, after something else than <see cref="Post"/> has put segments there.</summary>
    public void Rescan() => wake.Writer.TryWrite(true);

    /// <summary>Deletes what waits of a person who has opted out, as far as the recording's account says. Any thread; what the disk does not let go is tried again.</summary>
    public void Erase(RecordingId recording, ulong userId)
    {
        if (keepers.Find(recording) is not { } keeper) return;
        foreach (SpooledSegment segment in spool.Closed(recording, userId)) TryErase(keeper, segment);
    }

    /// <summary>Completes when nothing waits in the spool any more.</summary>
    public async Task DrainAsync(CancellationToken cancel)
    {
        while (spool.Closed().Any())
        {
            Rescan();
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancel);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await ScanAsync(stoppingToken);
            await WaitForWakeAsync(stoppingToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(underWay.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        slots.Dispose();
        base.Dispose();
    }

    private async Task ScanAsync(CancellationToken stop)
    {
        foreach (SpooledSegment segment in spool.Closed())
        {
            if (keepers.Find(segment.Key.Recording) is { } keeper && TryErase(keeper, segment)) continue;
            if (underWay.ContainsKey(segment.Key) || IsPaused(segment.Key)) continue;
            await slots.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return;
            if (!File.Exists(segment.WavPath))
            {
                slots.Release(); // It left while this one waited for a slot.
                continue;
            }
            TaskCompletionSource left = new();
            underWay[segment.Key] = left.Task;
            // Announced here, one after the other, because the chain of a track runs in index order; the puts run side by side.
            PreparedSegment? prepared = await PrepareAsync(segment, stop);
            _ = Task.Run(async () =>
            {
                if (prepared is not null) await MoveOutAsync(prepared, stop);
                underWay.TryRemove(segment.Key, out _);
                slots.Release();
                left.SetResult();
            }, CancellationToken.None);
        }
    }

    /// <returns>False: its speaker agrees to it, or the disk does not let it go.</returns>
    private bool TryErase(LiveManifest keeper, SpooledSegment segment)
    {
        if (!keeper.IsRefused(segment.Key)) return false;
        try
        {
            spool.Erase(segment);
            keeper.Erased(segment.Key);
            spokenToClosed.TryRemove(segment.Key, out _);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Failed(segment.Key, failure);
            return true; // it must not leave even so
        }
        logger.SegmentErased(segment.Key.ToString());
        SegmentLeft?.Invoke(segment.Key.Recording);
        return true;
    }

    // What failed in an unexpected way is left alone for a while, so that it neither floods the log nor holds up others.
    private bool IsPaused(SegmentKey key)
    {
        if (!failedAt.TryGetValue(key, out long at)) return false;
        if (time.GetElapsedTime(at) < FailurePause) return true;
        failedAt.TryRemove(key, out _);
        return false;
    }

    private void Failed(SegmentKey key, Exception failure)
    {
        logger.UploadFailed(key.ToString(), failure);
        if (failedAt.Count < MaximumRemembered) failedAt[key] = time.GetTimestamp();
    }

    private async Task WaitForWakeAsync(CancellationToken stop)
    {
        using CancellationTokenSource interval = new(RescanInterval, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, stop);
        try
        {
            await wake.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private async Task<PreparedSegment?> PrepareAsync(SpooledSegment segment, CancellationToken stop)
    {
        try
        {
            PreparedSegment prepared = await PreparedSegment.ReadAsync(segment, stop);
            keepers.Find(segment.Key.Recording)?.Announce(JournalEntry.From(prepared.Message));
            return prepared;
        }
        catch (InvalidDataException broken) when (keepers.Find(segment.Key.Recording)?.IsRefused(segment.Key) != true)
        {
            logger.SegmentSetAside(segment.Key.ToString(), broken.Message);
            spool.SetAside(segment);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (keepers.Find(segment.Key.Recording)?.IsRefused(segment.Key) != true) Failed(segment.Key, failure); // else it was erased meanwhile
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        return null;
    }

    private async Task MoveOutAsync(PreparedSegment prepared, CancellationToken stop)
    {
        try
        {
            await PutEnqueueDeleteAsync(prepared, stop);
        }
        catch (SegmentConflictException conflict)
        {
            logger.SegmentSetAside(prepared.File.Key.ToString(), conflict.Message);
            spool.SetAside(prepared.File);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return; // It stays in the spool for the next start.
        }
        catch (Exception failure)
        {
            Failed(prepared.File.Key, failure);
        }
    }

    private async Task PutEnqueueDeleteAsync(PreparedSegment prepared, CancellationToken stop)
    {
        (SpooledSegment file, SegmentReady message) = (prepared.File, prepared.Message);
        LiveManifest? keeper = keepers.Find(file.Key.Recording);
        if (keeper is not null && !await keeper.ReservedAsync(file.Key, stop))
        {
            int index = (LiveManifest.LeftoverIndexes * Math.Max(1, keeper.Incarnation)) + file.Key.Index;
            logger.SegmentRenumbered(file.Key.ToString(), index);
            SegmentSpool.Renumber(file, index);
            return;
        }
        using Activity? activity = metrics.Traces.StartActivity("upload segment", ActivityKind.Producer, default(ActivityContext), startTime: file.ClosedAt);
        message = message with { Traceparent = activity?.Id };
        TempStorage storage = storages.For(message.Session);
        await retry.ExecuteAsync(async token =>
        {
            if (keeper?.IsRefused(file.Key) == true) return;
            await using FileStream stream = prepared.OpenFile();
            await storage.PutSegmentAsync(message.BlobName, stream, Convert.FromBase64String(message.ContentMd5), SegmentMetadata.Write(message), token);
        }, stop);
        if (keeper?.TryDepart(file.Key) == false)
        {
            await retry.ExecuteAsync(token => storage.DeleteSegmentAsync(message.BlobName, token), stop); // an answer that got lost may have left it there
            return;
        }
        await retry.ExecuteAsync(token => storage.SendAsync(message, token), stop);
        TimeSpan latency = Count(message);
        spool.Remove(file, options.KeepLocal);
        keeper?.Uploaded(file.Key); // After the file is gone: who takes the recording over lists files first.
        logger.SegmentUploaded(file.Key.ToString(), message.FileSize, latency.TotalMilliseconds);
        SegmentLeft?.Invoke(file.Key.Recording);
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

/// <summary>How closed segments leave the spool.</summary>
internal sealed record UploadOptions
{
    /// <summary>RECORDING_UPLOAD_PARALLELISM: segments on their way at the same time, 1 to 32. Default 4.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>RECORDING_KEEP_LOCAL_AFTER_UPLOAD: uploaded files move to <c>kept/</c> in the spool instead of being deleted.</summary>
    public bool KeepLocal { get; init; }
}
