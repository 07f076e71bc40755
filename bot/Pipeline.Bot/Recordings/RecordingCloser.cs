using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Looks after recordings that are in the spool but not running here: sends the stop message of those that have ended once their last
/// segment is uploaded (also after a restart, also when the storage comes back hours later), reserves indexes for leftovers,
/// and removes folders that nobody needs any more.
/// </summary>
internal sealed class RecordingCloser(SegmentSpool spool, LiveManifests manifests, RecordingLeases leases, SegmentUploader uploader,
    TimeProvider time, ILogger<RecordingCloser> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromMinutes(1);

    private readonly WakeSignal wake = new(time);
    private readonly ConcurrentDictionary<RecordingId, TaskCompletionSource> closing = new();
    private readonly Dictionary<RecordingId, string> failing = []; // with what; told once
    private readonly HashSet<RecordingId> told = []; // closed but for their folder
    private long lastAbandonedCheck;

    /// <summary>Something has changed; any thread, never blocks.</summary>
    public void Wake() => wake.Set();

    /// <summary>Completes when the recording, which has a <c>stopped.json</c>, is closed.</summary>
    public Task WhenClosed(RecordingId recording)
    {
        Task closed = closing.GetOrAdd(recording, static _ =>
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (!spool.Folder(recording).Exists) Closed(recording);
        Wake();
        return closed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        manifests.RefreshWanted += Wake;
        uploader.SegmentLeft = _ => Wake();
        while (!stoppingToken.IsCancellationRequested)
        {
            bool checkAbandoned = lastAbandonedCheck == 0 || time.GetElapsedTime(lastAbandonedCheck) >= AbandonedInterval;
            if (checkAbandoned) lastAbandonedCheck = time.GetTimestamp();
            foreach (RecordingId recording in Recordings()) await LookAfterAsync(recording, checkAbandoned, stoppingToken);
            await wake.WaitAsync(Interval, stoppingToken);
        }
    }

    private IReadOnlyList<RecordingId> Recordings()
    {
        try
        {
            return spool.Recordings();
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            return []; // the watch over the disk says so
        }
    }

    private async Task LookAfterAsync(RecordingId recording, bool checkAbandoned, CancellationToken stop)
    {
        try
        {
            LiveManifest? manifest = manifests.Find(recording);
            if (manifest is null && checkAbandoned) spool.Folder(recording).DeleteWhenEmpty();
            if (manifest is { Tenure.IsHosted: false }) await LookAfterAsync(manifest, checkAbandoned, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure)
        {
            string cause = Cause.Of(failure);
            if (failing.GetValueOrDefault(recording) != cause) logger.ClosingFailed(recording.ToString(), failure);
            failing[recording] = cause;
            return;
        }
        failing.Remove(recording);
    }

    private async Task LookAfterAsync(LiveManifest manifest, bool checkAbandoned, CancellationToken stop)
    {
        RecordingId recording = manifest.Session.RecordingId;
        if (manifest.Indexes.IsWanted) await ReserveAsync(manifest, stop);
        else if (spool.Closed(recording).Any()) return;
        else if ((manifest.Folder.LoadStopped() ?? manifest.Owed) is { } stopped)
        {
            if (spool.EndOpen(recording)) uploader.Rescan();
            else await CloseAsync(manifest, stopped, stop);
        }
        else if (checkAbandoned && await IsElsewhereAsync(manifest, stop)) RemoveAbandoned(manifest);
    }

    // Leftovers of a recording that nobody runs: for as long as this takes, it is ours.
    private async Task ReserveAsync(LiveManifest manifest, CancellationToken stop)
    {
        RecordingLease lease = leases.Of(manifest);
        if (await lease.BeatAsync(stop) == LeaseOutcome.Ours) await lease.ReleaseAsync(stop);
        else manifest.Indexes.Lost();
    }

    private async Task CloseAsync(LiveManifest manifest, RecordingStopped stopped, CancellationToken stop)
    {
        RecordingId recording = manifest.Session.RecordingId;
        if (!told.Contains(recording)) await TellAsync(manifest, stopped, stop);
        told.Add(recording); // a disk that does not let the folder go is asked again, and nobody else
        Remove(recording);
        told.Remove(recording);
    }

    private async Task TellAsync(LiveManifest manifest, RecordingStopped stopped, CancellationToken stop)
    {
        RecordingId recording = manifest.Session.RecordingId;
        manifest.Stopped(stopped);
        RecordingLease lease = leases.Of(manifest);
        if (await lease.BeatAsync(stop) == LeaseOutcome.Ours)
        {
            await lease.SendStartAsync(stop);
            await lease.SendStopAsync(stopped with { Tracks = manifest.Compose(time.GetUtcNow()).Tracks }, stop);
            await lease.ReleaseAsync(stop);
            logger.RecordingClosed(recording.ToString());
        }
        else
        {
            logger.RecordingLost(recording.ToString()); // It goes on elsewhere; the bot that runs it will stop it.
        }
    }

    // Nobody will ask this spool to go on: the recording is closed, or another bot went on with it. One whose bot ended before its first
    // manifest was stored is neither.
    private async Task<bool> IsElsewhereAsync(LiveManifest manifest, CancellationToken stop)
    {
        StoredManifest? there = await leases.Of(manifest).ReadAsync(stop);
        return there is null ? manifest.Indexes.WasStored
            : there.Manifest.State == ManifestState.Stopped || there.Manifest.Incarnation > manifest.Incarnation;
    }

    // Claimed first: while the storage was asked somebody may have begun to go on with it. A disk that does not let it go is asked again.
    private void RemoveAbandoned(LiveManifest manifest)
    {
        if (!manifest.TryClaim()) return;
        try
        {
            Remove(manifest.Session.RecordingId);
        }
        catch
        {
            manifest.Unhost();
            throw;
        }
    }

    private void Remove(RecordingId recording)
    {
        spool.RemoveFolder(recording);
        manifests.Forget(recording);
        Closed(recording);
    }

    private void Closed(RecordingId recording)
    {
        if (closing.TryRemove(recording, out TaskCompletionSource? waiting)) waiting.TrySetResult();
    }
}
