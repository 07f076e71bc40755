using Microsoft.Extensions.Logging;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>The recordings that have not ended and that no bot runs: finds them, goes on with them, or closes them.</summary>
internal sealed class UnownedRecordings(SegmentSpool spool, TempStorages storages, LiveManifests manifests, ActiveRecordings recordings,
    RecordingCloser closer, TimeProvider time, ILogger<UnownedRecordings> logger)
{
    /// <summary>
    /// Those of our own spool first, then those of the temp container, of which some may be running elsewhere
    /// (<see cref="RecordingCandidate.IsLeased"/>).
    /// </summary>
    /// <remarks>The temp container is asked once; when it does not answer, the spool's are all there is.</remarks>
    public async Task<IReadOnlyList<RecordingCandidate>> FindAsync(CancellationToken cancel)
    {
        List<RecordingCandidate> found = [];
        foreach (RecordingId recording in spool.Recordings())
        {
            if (manifests.Find(recording) is { IsFree: true } manifest && !manifest.Folder.IsStopped) found.Add(Local(manifest));
        }
        foreach (TempStorage storage in storages.All)
        {
            try
            {
                IEnumerable<StoredManifest> stored = await storage.ListManifestsAsync(cancel);
                found.AddRange(stored.Where(there =>
                    there.Manifest.State == ManifestState.Recording && !spool.Folder(there.Manifest.Session.RecordingId).Exists)
                    .Select(there => new RecordingCandidate(there.Manifest, InSpool: false, there.Manifest.SampleCount, there.Leased)));
            }
            catch (Exception failure) when (StorageRetry.IsWorld(failure, cancel))
            {
                continue;
            }
        }
        return found;
    }

    /// <summary>
    /// Goes on with a recording as its next incarnation: positions continue by the wall clock since its start, never before what is known
    /// to have been recorded, and the time in between is a gap. Null: another bot was faster, or the recording is over.
    /// </summary>
    /// <param name="captureTime">The clock of the audio; null for the bot's own.</param>
    /// <exception cref="StorageUnreachableException">It did not answer in time; nothing has changed.</exception>
    public async Task<ActiveRecording?> TakeOverAsync(RecordingCandidate candidate, TimeProvider? captureTime, bool ticksByCaller,
        CancellationToken cancel)
    {
        // A bot that is being stopped takes nothing on: what begins after its hand-over would be handed over by nobody.
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, recordings.Stopping);
        RecordingTakeover takeover = new(spool, manifests, storages, recordings, candidate, captureTime ?? time, logger);
        try
        {
            return await takeover.RunAsync(ticksByCaller, either.Token);
        }
        catch (OperationCanceledException late) when (!either.IsCancellationRequested)
        {
            throw new StorageUnreachableException(StorageRetry.Describe(late), late);
        }
    }

    /// <summary>
    /// The same candidate with all that the temp container tells of it beyond its manifest; as it is when the storage does not answer.
    /// </summary>
    public async Task<RecordingCandidate> CompleteAsync(RecordingCandidate candidate, CancellationToken cancel)
    {
        if (candidate.InSpool) return candidate;
        try
        {
            FoundRecording found = await FoundRecording.LookAsync(storages.For(candidate.Session), candidate.Manifest, cancel);
            SessionManifest manifest = found.Manifest with { Gaps = [.. found.Manifest.Gaps, .. found.GapsUntil(found.LastSample)] };
            return candidate with { Manifest = manifest, LastSample = found.LastSample };
        }
        catch (Exception failure) when (StorageRetry.IsWorld(failure, cancel))
        {
            return candidate;
        }
    }

    /// <summary>Up to where it is durable: nothing of it before waits in our spool.</summary>
    public SafePosition SafeOf(RecordingCandidate candidate) =>
        SafePosition.Of(candidate.LastSample, Waiting(candidate.Session.RecordingId).Select(segment => (long?)segment.StartSample));

    /// <summary>Ends a recording that shall not go on: its leftovers are uploaded, then the stop message is sent.</summary>
    /// <param name="candidate">As <see cref="CompleteAsync"/> gives it.</param>
    public Task CloseAsync(RecordingCandidate candidate, EndReason reason, CancellationToken cancel)
    {
        RecordingFolder folder = spool.Folder(candidate.Session.RecordingId);
        if (!candidate.InSpool) folder.Save(candidate.Manifest);
        folder.Save(new RecordingStopped
        {
            Session = candidate.Session,
            EndedAt = candidate.Session.StartedAt + SampleClock.ToTime(candidate.LastSample),
            EndReason = reason,
            SampleCount = candidate.LastSample,
        });
        return closer.WhenClosed(candidate.Session.RecordingId).WaitAsync(cancel);
    }

    private IEnumerable<ClosedSegment> Waiting(RecordingId recording) =>
        spool.Closed(recording).Select(PreparedSegment.Describe).OfType<ClosedSegment>();

    private RecordingCandidate Local(LiveManifest manifest)
    {
        SessionManifest now = manifest.Compose(time.GetUtcNow());
        long last = Math.Max(now.SampleCount, manifest.LastJournaledSample);
        foreach (ClosedSegment segment in Waiting(manifest.Session.RecordingId))
            last = Math.Max(last, segment.StartSample + segment.SampleCount);
        return new RecordingCandidate(now, InSpool: true, last, IsLeased: false);
    }
}
