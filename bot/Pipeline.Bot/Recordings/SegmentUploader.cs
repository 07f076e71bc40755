using System.Collections.Concurrent;
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

    private readonly ConcurrentDictionary<SegmentKey, Task> underWay = new();
    private readonly ConcurrentDictionary<SegmentKey, long> failedAt = new();
    private readonly HashSet<string> unreadable = []; // folders; told once
    private readonly SegmentSpool spool;
    private readonly LiveManifests manifests;
    private readonly SegmentDelivery delivery;
    private readonly WakeSignal wake;
    private readonly UploadOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<SegmentUploader> logger;
    private readonly SemaphoreSlim slots;

    public SegmentUploader(SegmentSpool spool, LiveManifests manifests, SegmentDelivery delivery, UploadOptions options, TimeProvider time,
        ILogger<SegmentUploader> logger)
    {
        (this.spool, this.manifests, this.delivery) = (spool, manifests, delivery);
        (this.options, this.time, this.logger) = (options, time, logger);
        wake = new WakeSignal(time);
        slots = new SemaphoreSlim(options.Parallelism);
    }

    /// <summary>Called on an upload's thread when a recording's segment has left the spool; must not block.</summary>
    public Action<RecordingId>? SegmentLeft { get; set; }

    /// <summary>A segment was closed; any thread, never blocks.</summary>
    /// <param name="sinceSpoken">How long ago its first sample was spoken.</param>
    public void Post(ClosedSegment segment, TimeSpan sinceSpoken)
    {
        spool.Added(segment.FileSize);
        delivery.Closed(segment.Key, sinceSpoken);
        wake.Set();
    }

    /// <summary>Looks at the folder again, after something else than <see cref="Post"/> has put segments there.</summary>
    public void Rescan() => wake.Set();

    /// <summary>
    /// Deletes what waits of a person who has opted out, as far as the recording's account says. Any thread; what the disk does not let go
    /// is tried again.
    /// </summary>
    public void Erase(RecordingId recording, ulong userId)
    {
        try
        {
            if (manifests.Find(recording) is not { } manifest) return;
            foreach (SpooledSegment segment in spool.Closed(recording, userId)) TryErase(manifest, segment);
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            wake.Set(); // a scan comes by them again
        }
    }

    /// <summary>Completes when nothing waits in the spool any more but what must not leave yet.</summary>
    public async Task DrainAsync(CancellationToken cancel)
    {
        while (spool.Closed().Any(segment => manifests.Find(segment.Key.Recording)?.AwaitsOptOuts != true))
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
            await wake.WaitAsync(RescanInterval, stoppingToken);
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
        try
        {
            foreach (RecordingId recording in spool.Recordings())
            {
                await ScanAsync(recording, stop);
                if (stop.IsCancellationRequested) return;
            }
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            Unreadable(spool.Root, refused);
        }
    }

    // What the disk does not give of one recording keeps no other one waiting.
    private async Task ScanAsync(RecordingId recording, CancellationToken stop)
    {
        string folder = spool.Folder(recording).Path;
        try
        {
            await ScanFolderAsync(recording, stop);
            unreadable.Remove(folder);
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            Unreadable(folder, refused);
        }
    }

    private void Unreadable(string folder, Exception why)
    {
        if (unreadable.Add(folder)) logger.SpoolNotGiven(folder, Cause.OfFile(why));
    }

    private async Task ScanFolderAsync(RecordingId recording, CancellationToken stop)
    {
        LiveManifest? manifest = null;
        foreach (SpooledSegment segment in spool.Closed(recording))
        {
            manifest ??= manifests.Find(recording);
            if (manifest is not null && (TryErase(manifest, segment) || manifest.AwaitsOptOuts)) continue;
            if (underWay.ContainsKey(segment.Key) || IsPaused(segment.Key)) continue;
            await slots.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return;
            if (!File.Exists(segment.AudioPath))
            {
                slots.Release(); // It left while this one waited for a slot.
                continue;
            }
            TaskCompletionSource left = new();
            underWay[segment.Key] = left.Task;
            // Announced here, one after the other, because the chain of a track runs in index order; the puts run side by side.
            PreparedSegment? prepared = null;
            try
            {
                prepared = await PrepareAsync(segment, stop);
            }
            finally
            {
                if (prepared is null) Leave(segment.Key, left);
            }
            if (prepared is not null) _ = Task.Run(() => MoveOutAsync(prepared, left, stop), CancellationToken.None);
        }
    }

    private void Leave(SegmentKey key, TaskCompletionSource left)
    {
        underWay.TryRemove(key, out _);
        slots.Release();
        left.SetResult();
    }

    /// <returns>False: its speaker agrees to it, or the disk does not let it go.</returns>
    private bool TryErase(LiveManifest manifest, SpooledSegment segment)
    {
        if (!manifest.IsRefused(segment.Key)) return false;
        try
        {
            manifest.Erasing(segment.Key);
            spool.Erase(segment);
            manifest.Erased(segment.Key);
            delivery.Forget(segment.Key);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
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

    private async Task<PreparedSegment?> PrepareAsync(SpooledSegment segment, CancellationToken stop)
    {
        try
        {
            PreparedSegment prepared = await PreparedSegment.ReadAsync(segment, stop);
            manifests.Find(segment.Key.Recording)?.Announce(JournalEntry.From(prepared.Message));
            return prepared;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        catch (InvalidDataException broken)
        {
            if (!IsRefused(segment.Key)) SetAside(segment, broken.Message);
        }
        catch (Exception failure)
        {
            if (!IsRefused(segment.Key)) Failed(segment.Key, failure);
        }
        return null;
    }

    // Its speaker has opted out while it was read: it goes, or has gone.
    private bool IsRefused(SegmentKey key) => manifests.Find(key.Recording)?.IsRefused(key) == true;

    private void SetAside(SpooledSegment segment, string why)
    {
        try
        {
            spool.SetAside(segment);
            logger.SegmentSetAside(segment.Key.ToString(), why);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            Failed(segment.Key, failure);
        }
    }

    private async Task MoveOutAsync(PreparedSegment prepared, TaskCompletionSource left, CancellationToken stop)
    {
        try
        {
            await PutEnqueueDeleteAsync(prepared, stop);
        }
        catch (SegmentConflictException conflict)
        {
            SetAside(prepared.File, conflict.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return; // It stays in the spool for the next start.
        }
        catch (Exception failure)
        {
            Failed(prepared.File.Key, failure);
        }
        finally
        {
            Leave(prepared.File.Key, left);
        }
    }

    private async Task PutEnqueueDeleteAsync(PreparedSegment prepared, CancellationToken stop)
    {
        SpooledSegment file = prepared.File;
        LiveManifest? manifest = manifests.Find(file.Key.Recording);
        if (manifest is not null && !await manifest.ReservedAsync(file.Key, stop))
        {
            int index = (ReservedIndexes.Leftovers * Math.Max(1, manifest.Incarnation)) + file.Key.Index;
            logger.SegmentRenumbered(file.Key.ToString(), index);
            SegmentSpool.Renumber(file, index);
            return;
        }
        if (await delivery.DeliverAsync(prepared, manifest, stop) is not { } latency) return; // erased instead
        spool.Remove(file, options.KeepLocal);
        manifest?.Uploaded(file.Key); // After the file is gone: who takes the recording over lists files first.
        logger.SegmentUploaded(file.Key.ToString(), prepared.Message.FileSize, latency.TotalMilliseconds);
        SegmentLeft?.Invoke(file.Key.Recording);
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
