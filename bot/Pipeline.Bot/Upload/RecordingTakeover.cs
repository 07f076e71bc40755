using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Upload;

/// <summary>One attempt to go on with a recording that another process left: ours with its spool, or another's from its stored manifest.</summary>
internal sealed class RecordingTakeover(RecordingHosts room, RecordingCandidate candidate, TimeProvider captureTime, ILogger logger)
{
    // With the spool here the recording goes on whether the storage answers or not; somebody may be talking.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<RecordingHost?> RunAsync(bool ticksByCaller, CancellationToken cancel)
    {
        RecordingId recording = candidate.Session.RecordingId;
        RecordingFolder folder = room.Spool.Folder(recording);
        ManifestKeeper keeper = room.Keepers.Find(recording) ?? room.Keepers.Add(ManifestKeeper.Start(folder, candidate.Manifest));
        if (!keeper.TryClaim()) return null;
        bool goesOn = false;
        try
        {
            (bool free, SessionManifest? elsewhere) = await AskAsync(keeper, cancel);
            if (!free) return null;
            goesOn = true;
            return GoOn(keeper, elsewhere, ticksByCaller);
        }
        finally
        {
            if (!goesOn) GiveUp(keeper);
        }
    }

    private RecordingHost GoOn(ManifestKeeper keeper, SessionManifest? elsewhere, bool ticksByCaller)
    {
        bool othersWentOn = elsewhere is not null && elsewhere.Incarnation > keeper.Incarnation;
        long last = Math.Max(candidate.LastSample, elsewhere?.SampleCount ?? 0);
        long now = SampleClock.ToSamples(captureTime.GetUtcNow() - keeper.Session.StartedAt);
        long timestamp = captureTime.GetTimestamp(); // With the wall clock: repairing the spool takes time that must not shift the audio.
        long resume = Math.Max(last, now); // A clock that was set back must not write over what is there.
        long elapsed = (long)(resume * (captureTime.TimestampFrequency / (double)SampleClock.SamplesPerSecond));
        List<ClosedSegment> waiting = [.. room.Spool.Closed(keeper.Session.RecordingId).Select(PreparedSegment.Describe).OfType<ClosedSegment>()];
        keeper.TakeOver(elsewhere, resume > last ? new RecordingGap { StartSample = last, SampleCount = resume - last, Reason = "takeover" } : null);
        Dictionary<ulong, int> next = [];
        foreach (ClosedSegment segment in waiting.Where(segment => segment.Key.Index < ManifestKeeper.LeftoverIndexes))
        {
            keeper.Closed(segment.Key, segment.StartSample);
            if (!File.Exists(segment.WavPath)) keeper.Uploaded(segment.Key); // It left since it was listed.
            next[segment.Key.UserId] = Math.Max(next.GetValueOrDefault(segment.Key.UserId), segment.Key.Index + 1);
        }
        Dictionary<ulong, int> first = keeper.FirstIndexes(next, beyondReserved: othersWentOn || !candidate.InSpool);
        keeper.SaveLocally(keeper.Compose(room.Time.GetUtcNow()));
        RecordingHost host = room.Host(keeper, new RecordingLease(room.Storages, room.Time), captureTime, timestamp - elapsed, first, ticksByCaller);
        logger.RecordingTakenOver(keeper.Session.RecordingId.ToString(), keeper.Incarnation, SampleClock.ToTime(resume - last).TotalSeconds);
        return host;
    }

    private async Task<(bool Free, SessionManifest? Elsewhere)> AskAsync(ManifestKeeper keeper, CancellationToken cancel)
    {
        TempStorage storage = room.Storages.For(keeper.Session);
        RecordingId recording = keeper.Session.RecordingId;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            LeaseOutcome outcome = await storage.AcquireLeaseAsync(recording, keeper.Folder.LeaseId(), patience.Token);
            if (outcome == LeaseOutcome.Theirs) return (false, null);
            // Stored before and gone now: the functions have finalized it. Never stored: the storage was away from the first moment on.
            if (outcome == LeaseOutcome.NoManifest) return (candidate.InSpool && !keeper.WasStored, null);
            StoredManifest? there = await storage.ReadManifestAsync(recording, patience.Token);
            if (there is null || there.Manifest.State == ManifestState.Recording) return (true, there?.Manifest);
            await storage.ReleaseLeaseAsync(recording, keeper.Folder.LeaseId(), patience.Token);
            return (false, null);
        }
        catch (Exception failure) when (candidate.InSpool && StorageRetry.IsWorld(failure, cancel))
        {
            return (true, null);
        }
    }

    private void GiveUp(ManifestKeeper keeper)
    {
        keeper.Unhost();
        if (candidate.InSpool) return;
        keeper.Folder.DeleteWhenEmpty();
        room.Keepers.Forget(keeper.Session.RecordingId);
    }
}
