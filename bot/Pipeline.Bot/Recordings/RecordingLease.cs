using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Who owns a recording: the bot that holds the 60 s lease on its session.json. One beat takes or renews the lease and stores the manifest.
/// </summary>
internal sealed class RecordingLease(TempStorages storages, TimeProvider time)
{
    // Half of the lease: after this long without a beat another bot may have come and gone.
    private static readonly TimeSpan Continuous = TempStorage.LeaseDuration / 2;

    private long lastBeat;

    /// <summary>Stores the manifest of this moment under our lease.</summary>
    /// <returns><see cref="LeaseOutcome.Theirs"/> when another bot holds the lease or has gone on with the recording in the meantime.</returns>
    public async Task<LeaseOutcome> BeatAsync(LiveManifest keeper, CancellationToken cancel)
    {
        TempStorage storage = storages.For(keeper.Session);
        RecordingId recording = keeper.Session.RecordingId;
        string leaseId = keeper.Folder.LeaseId();
        long now = time.GetTimestamp();
        LeaseOutcome outcome = await storage.AcquireLeaseAsync(recording, leaseId, cancel);
        if (outcome == LeaseOutcome.NoManifest)
        {
            SessionManifest first = keeper.Compose(time.GetUtcNow());
            if (await storage.WriteManifestAsync(first, leaseId: null, cancel)) keeper.Stored(first);
            outcome = await storage.AcquireLeaseAsync(recording, leaseId, cancel);
        }
        if (outcome != LeaseOutcome.Ours) return LeaseOutcome.Theirs;
        if (lastBeat == 0 || time.GetElapsedTime(lastBeat) > Continuous)
        {
            StoredManifest? there = await storage.ReadManifestAsync(recording, cancel);
            if (there is not null && there.Manifest.Incarnation > keeper.Incarnation)
            {
                await storage.ReleaseLeaseAsync(recording, leaseId, cancel);
                return LeaseOutcome.Theirs;
            }
        }
        SessionManifest manifest = keeper.Compose(time.GetUtcNow());
        if (!await storage.WriteManifestAsync(manifest, leaseId, cancel)) return LeaseOutcome.Theirs;
        keeper.Stored(manifest);
        lastBeat = now;
        return LeaseOutcome.Ours;
    }

    /// <summary>Lets another bot go on at once.</summary>
    public Task ReleaseAsync(LiveManifest keeper, CancellationToken cancel) =>
        storages.For(keeper.Session).ReleaseLeaseAsync(keeper.Session.RecordingId, keeper.Folder.LeaseId(), cancel);
}
