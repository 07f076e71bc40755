using System.Collections.Concurrent;
using System.Threading.Channels;
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
internal sealed class RecordingCloser(SegmentSpool spool, TempStorages storages, LiveManifests keepers, StorageRetry retry, TimeProvider time, ILogger<RecordingCloser> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromMinutes(1);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<RecordingId, TaskCompletionSource> closing = new();
    private long lastAbandonedCheck;

    /// <summary>Something has changed; any thread, never blocks.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Completes when the recording, which has a <c>stopped.json</c>, is closed.</summary>
    public Task WhenClosed(RecordingId recording)
    {
        Task closed = closing.GetOrAdd(recording, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (!spool.Folder(recording).Exists) Closed(recording);
        Wake();
        return closed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        keepers.RefreshWanted += Wake;
        while (!stoppingToken.IsCancellationRequested)
        {
            bool checkAbandoned = lastAbandonedCheck == 0 || time.GetElapsedTime(lastAbandonedCheck) >= AbandonedInterval;
            if (checkAbandoned) lastAbandonedCheck = time.GetTimestamp();
            foreach (RecordingId recording in spool.Recordings())
            {
                LiveManifest? keeper = keepers.Find(recording);
                if (keeper is null && checkAbandoned) spool.Folder(recording).DeleteWhenEmpty();
                if (keeper is { IsHosted: false }) await LookAfterAsync(keeper, checkAbandoned, stoppingToken);
            }
            await WaitForWakeAsync(stoppingToken);
        }
    }

    private async Task LookAfterAsync(LiveManifest keeper, bool checkAbandoned, CancellationToken stop)
    {
        RecordingId recording = keeper.Session.RecordingId;
        try
        {
            if (keeper.WantsRefresh) await ReserveAsync(keeper, stop);
            else if (spool.Closed(recording).Any()) return;
            else if (keeper.Folder.LoadStopped() is { } stopped) await CloseAsync(keeper, stopped, stop);
            else if (checkAbandoned && await IsElsewhereAsync(keeper, stop)) Remove(recording);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure)
        {
            logger.ClosingFailed(recording.ToString(), failure);
        }
    }

    // Leftovers of a recording that nobody runs: for as long as this takes, it is ours.
    private async Task ReserveAsync(LiveManifest keeper, CancellationToken stop)
    {
        RecordingLease lease = new(storages, time);
        LeaseOutcome outcome = await retry.ExecuteAsync(token => lease.BeatAsync(keeper, token), stop);
        if (outcome == LeaseOutcome.Ours) await retry.ExecuteAsync(token => lease.ReleaseAsync(keeper, token), stop);
        else keeper.Lost();
    }

    private async Task CloseAsync(LiveManifest keeper, RecordingStopped stopped, CancellationToken stop)
    {
        RecordingId recording = keeper.Session.RecordingId;
        keeper.Stopped(stopped);
        RecordingLease lease = new(storages, time);
        LeaseOutcome outcome = await retry.ExecuteAsync(token => lease.BeatAsync(keeper, token), stop);
        if (outcome == LeaseOutcome.Ours)
        {
            RecordingStopped message = stopped with { Tracks = keeper.Compose(time.GetUtcNow()).Tracks };
            TempStorage storage = storages.For(keeper.Session);
            if (!keeper.IsStartSent) await retry.ExecuteAsync(token => storage.SendAsync(new RecordingStarted { Session = keeper.Session }, token), stop);
            keeper.IsStartSent = true;
            await retry.ExecuteAsync(token => storage.SendAsync(message, token), stop);
            await retry.ExecuteAsync(token => lease.ReleaseAsync(keeper, token), stop);
            logger.RecordingClosed(recording.ToString());
        }
        else
        {
            logger.RecordingLost(recording.ToString()); // It goes on elsewhere; the bot that runs it will stop it.
        }
        Remove(recording);
    }

    // Nobody will ask this spool to go on: the recording is closed, or another bot went on with it.
    private async Task<bool> IsElsewhereAsync(LiveManifest keeper, CancellationToken stop)
    {
        StoredManifest? there = await retry.ExecuteAsync(token => storages.For(keeper.Session).ReadManifestAsync(keeper.Session.RecordingId, token), stop);
        return there is null || there.Manifest.State == ManifestState.Stopped || there.Manifest.Incarnation > keeper.Incarnation;
    }

    private void Remove(RecordingId recording)
    {
        spool.RemoveFolder(recording);
        keepers.Forget(recording);
        Closed(recording);
    }

    private void Closed(RecordingId recording)
    {
        if (closing.TryRemove(recording, out TaskCompletionSource? waiting)) waiting.TrySetResult();
    }

    private async Task WaitForWakeAsync(CancellationToken stop)
    {
        using CancellationTokenSource interval = new(Interval, time);
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
}
