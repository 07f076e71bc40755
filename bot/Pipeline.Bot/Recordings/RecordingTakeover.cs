using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// One attempt to go on with a recording that another process left: ours with its spool, or another's from its stored manifest.
/// </summary>
internal sealed class RecordingTakeover(SegmentSpool spool, LiveManifests manifests, TempStorages storages, ActiveRecordings recordings,
    RecordingCandidate candidate, TimeProvider captureTime, ILogger logger)
{
    // With the spool here the recording goes on whether the storage answers or not; somebody may be talking.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Without it nothing goes on before the temp container was looked through.
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(2);

    private bool holdsLease;

    public async Task<ActiveRecording?> RunAsync(bool ticksByCaller, CancellationToken cancel)
    {
        RecordingId recording = candidate.Session.RecordingId;
        RecordingFolder folder = spool.Folder(recording);
        LiveManifest manifest = manifests.Find(recording) ?? manifests.Add(LiveManifest.Start(folder, candidate.Manifest));
        if (!manifest.TryClaim()) return null;
        ActiveRecording? host = null;
        try
        {
            (bool free, SessionManifest? stored) = await AskAsync(manifest, cancel);
            if (!free) return null;
            // Our spool knows better than the stored manifest, unless another bot has gone on in between.
            bool othersWentOn = stored is not null && stored.Incarnation > manifest.Incarnation;
            FoundRecording? found = othersWentOn || !candidate.InSpool ? await LookAsync(stored ?? candidate.Manifest, cancel) : null;
            return host = GoOn(manifest, found, stored?.SampleCount ?? 0, ticksByCaller);
        }
        finally
        {
            if (host is null) await GiveUpAsync(manifest);
        }
    }

    private ActiveRecording GoOn(LiveManifest manifest, FoundRecording? found, long storedSamples, bool ticksByCaller)
    {
        long last = Math.Max(candidate.InSpool ? candidate.LastSample : 0, found?.LastSample ?? storedSamples);
        // Of one moment: repairing the spool takes time that must not shift the audio.
        (DateTimeOffset at, long timestamp) = CaptureMoment.Now(captureTime);
        long now = SampleClock.ToSamples(at - manifest.Session.StartedAt);
        long resume = Math.Max(last, now); // A clock that was set back must not write over what is there.
        long elapsed = (long)(resume * (captureTime.TimestampFrequency / (double)SampleClock.SamplesPerSecond));
        // Before the account changes: a disk that does not give it leaves it as it was for the next attempt.
        List<ClosedSegment> waiting = [.. spool.Closed(manifest.Session.RecordingId).Select(PreparedSegment.Describe)
            .OfType<ClosedSegment>()];
        manifest.TakeOver(found?.Manifest, found?.GapsUntil(resume) ?? GapOfAll(last, resume));
        foreach (ulong userId in manifest.OptedOut) recordings.Uploader.Erase(manifest.Session.RecordingId, userId);
        Dictionary<ulong, int> next = [];
        foreach (ClosedSegment segment in waiting.Where(segment => segment.Key.Index < ReservedIndexes.Leftovers))
        {
            manifest.Closed(segment.Key, segment.StartSample);
            if (!File.Exists(segment.AudioPath)) manifest.Uploaded(segment.Key); // It left since it was listed.
            next[segment.Key.UserId] = Math.Max(next.GetValueOrDefault(segment.Key.UserId), segment.Key.Index + 1);
        }
        Dictionary<ulong, int> first = manifest.FirstIndexes(next, beyondReserved: found is not null);
        recordings.Leases.Of(manifest).Local.TrySave();
        ActiveRecording host = recordings.Host(manifest, captureTime, timestamp - elapsed, first, ticksByCaller);
        logger.RecordingTakenOver(manifest.Session.RecordingId.ToString(), manifest.Incarnation,
            SampleClock.ToTime(resume - last).TotalSeconds);
        return host;
    }

    private static IReadOnlyList<RecordingGap> GapOfAll(long last, long resume) =>
        resume > last ? [new RecordingGap { StartSample = last, SampleCount = resume - last, Reason = RecordingGap.Takeover }] : [];

    private async Task<FoundRecording> LookAsync(SessionManifest stored, CancellationToken cancel)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(LookPatience);
        return await FoundRecording.LookAsync(storages.For(stored.Session), stored, patience.Token);
    }

    private async Task<(bool Free, SessionManifest? Elsewhere)> AskAsync(LiveManifest manifest, CancellationToken cancel)
    {
        TempStorage storage = storages.For(manifest.Session);
        RecordingId recording = manifest.Session.RecordingId;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            LeaseOutcome outcome = await storage.AcquireLeaseAsync(recording, manifest.Folder.LeaseId(), patience.Token);
            if (outcome == LeaseOutcome.Theirs) return (false, null);
            holdsLease = outcome == LeaseOutcome.Ours;
            // Stored before and gone now: the functions have finalized it. Never stored: the storage was away from the first moment on.
            if (outcome == LeaseOutcome.NoManifest) return (candidate.InSpool && !manifest.Indexes.WasStored, null);
            StoredManifest? there = await storage.ReadManifestAsync(recording, patience.Token);
            if (there is null || there.Manifest.State == ManifestState.Recording) return (true, there?.Manifest);
            return (false, null);
        }
        catch (Exception failure) when (candidate.InSpool && StorageRetry.IsWorld(failure, cancel))
        {
            return (true, null);
        }
    }

    private async Task GiveUpAsync(LiveManifest manifest)
    {
        if (holdsLease) await ReleaseAsync(manifest);
        manifest.Unhost();
        if (candidate.InSpool) return;
        manifest.Folder.DeleteWhenEmpty();
        manifests.Forget(manifest.Session.RecordingId);
    }

    // The folder with the lease's id may go now: without a word to the storage nobody could take the recording for 60 s.
    private async Task ReleaseAsync(LiveManifest manifest)
    {
        using CancellationTokenSource patience = new(ReleasePatience);
        await storages.For(manifest.Session).ReleaseLeaseAsync(manifest.Session.RecordingId, manifest.Folder.LeaseId(), patience.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
