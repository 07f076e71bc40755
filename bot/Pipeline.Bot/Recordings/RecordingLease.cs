using Microsoft.Extensions.Logging;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Who owns a recording: the bot that holds the 60 s lease on its session.json. One beat takes or renews the lease and stores the manifest.
/// All calls repeat themselves until the storage answers or they are cancelled.
/// </summary>
internal sealed class RecordingLease(TempStorage storage, StorageRetry retry, LiveManifest manifest, LocalAccount local,
    TimeProvider time)
{
    // Half of the lease: after this long without a beat another bot may have come and gone.
    private static readonly TimeSpan Continuous = TempStorage.LeaseDuration / 2;

    private long lastBeat;

    /// <summary>The copy on the disk. That the disk takes none is no reason to ask the storage again, and no end of the bot.</summary>
    public LocalAccount Local => local;

    /// <summary>Stores the manifest of this moment under our lease.</summary>
    /// <param name="whileAway">Called each time the storage does not answer.</param>
    /// <returns><see cref="LeaseOutcome.Theirs"/> when another bot holds the lease or has gone on with the recording in the
    /// meantime.</returns>
    public Task<LeaseOutcome> BeatAsync(CancellationToken cancel, Action? whileAway = null) => retry.ExecuteAsync(async token =>
    {
        try
        {
            return await BeatOnceAsync(token);
        }
        catch (Exception failure) when (whileAway is not null && StorageRetry.IsWorld(failure, token))
        {
            whileAway();
            throw;
        }
    }, cancel);

    /// <summary>Lets another bot go on at once.</summary>
    public Task ReleaseAsync(CancellationToken cancel) =>
        retry.ExecuteAsync(token => storage.ReleaseLeaseAsync(manifest.Session.RecordingId, manifest.Folder.LeaseId(), token), cancel);

    /// <summary>Tells the functions that the recording has started, once for each process that runs it.</summary>
    public async Task SendStartAsync(CancellationToken cancel)
    {
        if (manifest.Tenure.IsStartSent) return;
        await retry.ExecuteAsync(token => storage.SendAsync(new RecordingStarted { Session = manifest.Session }, token), cancel);
        manifest.StartSent();
    }

    /// <summary>Tells the functions that the recording has ended.</summary>
    public Task SendStopAsync(RecordingStopped stopped, CancellationToken cancel) =>
        retry.ExecuteAsync(token => storage.SendAsync(stopped, token), cancel);

    /// <summary>The manifest that is stored at present, or null.</summary>
    public Task<StoredManifest?> ReadAsync(CancellationToken cancel) =>
        retry.ExecuteAsync(token => storage.ReadManifestAsync(manifest.Session.RecordingId, token), cancel);

    private async Task<LeaseOutcome> BeatOnceAsync(CancellationToken cancel)
    {
        RecordingId recording = manifest.Session.RecordingId;
        string leaseId = manifest.Folder.LeaseId();
        long now = time.GetTimestamp();
        LeaseOutcome outcome = await storage.AcquireLeaseAsync(recording, leaseId, cancel);
        if (outcome == LeaseOutcome.NoManifest)
        {
            SessionManifest first = manifest.Compose(time.GetUtcNow());
            if (await storage.WriteManifestAsync(first, leaseId: null, cancel)) local.TryKeep(first);
            outcome = await storage.AcquireLeaseAsync(recording, leaseId, cancel);
        }
        if (outcome != LeaseOutcome.Ours) return LeaseOutcome.Theirs;
        if (lastBeat == 0 || time.GetElapsedTime(lastBeat) > Continuous)
        {
            StoredManifest? there = await storage.ReadManifestAsync(recording, cancel);
            if (there is not null && there.Manifest.Incarnation > manifest.Incarnation)
            {
                await storage.ReleaseLeaseAsync(recording, leaseId, cancel);
                return LeaseOutcome.Theirs;
            }
        }
        SessionManifest present = manifest.Compose(time.GetUtcNow());
        if (!await storage.WriteManifestAsync(present, leaseId, cancel)) return LeaseOutcome.Theirs;
        local.TryKeep(present);
        lastBeat = now;
        return LeaseOutcome.Ours;
    }
}

/// <summary>The leases of all recordings.</summary>
internal sealed class RecordingLeases(TempStorages storages, StorageRetry retry, TimeProvider time, ILogger<RecordingLease> logger)
{
    /// <summary>How long the storage has not answered; zero while the last call succeeded.</summary>
    public TimeSpan StorageAwayFor => retry.Failing;

    public RecordingLease Of(LiveManifest manifest) =>
        new(storages.For(manifest.Session), retry, manifest, new LocalAccount(manifest, time, logger), time);
}
