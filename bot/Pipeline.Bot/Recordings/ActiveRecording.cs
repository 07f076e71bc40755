using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// One running recording: owns the <see cref="Capture.Recording"/> and ticks it, keeps its manifest and lease fresh, tells the functions
/// that it started and that it stopped. Nothing here ever waits for the storage except the tasks that talk to it.
/// </summary>
internal sealed class ActiveRecording : IAsyncDisposable
{
    /// <summary>How often the recording takes what has come.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan HandOverInterval = TimeSpan.FromMilliseconds(20);

    // Nobody listens while the last segments are on their way; a storage that takes longer gets them after the lease.
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DiskInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(4); // somebody waits for the answer to their Stop

    // A recording that is lost or at its limit ends on another thread than the one that ticks it.
    private readonly Lock tickGate = new();
    private readonly ManifestBeat beats;
    private readonly TaskCompletionSource<RecordingEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource ticking = new();
    private readonly CancellationTokenSource beating = new();
    private readonly ActiveRecordings recordings;
    private readonly LiveManifest manifest;
    private readonly RecordingLease lease;
    private readonly TimeProvider captureTime;
    private readonly ILogger logger;
    private Task tickLoop = Task.CompletedTask;
    private Task heartbeat = Task.CompletedTask;
    private int ending;
    private bool spoolFull;
    private bool captureStopped;
    private IReadOnlyCollection<ulong>? knownOptOuts; // heeded by the next tick
    private long lastTick;

    internal ActiveRecording(ActiveRecordings recordings, LiveManifest manifest, Recording recording, TimeProvider captureTime,
        ILogger logger)
    {
        (this.recordings, this.manifest, Recording) = (recordings, manifest, recording);
        (this.captureTime, this.logger) = (captureTime, logger);
        lease = recordings.Leases.Of(manifest);
        (beats, Limit) = (new ManifestBeat(recordings.Time, captureTime), new RecordingLimit(recordings.MaximumDuration, recordings.Time));
        lastTick = recordings.Time.GetTimestamp();
        recording.SegmentClosed = OnSegmentClosed;
        recording.Refused = OnRefused;
        HeardBefore = manifest.Heard();
        manifest.Host(() => recording.Snapshot, recording.Consent);
    }

    public SessionInfo Session => manifest.Session;
    public Recording Recording { get; }
    public RecordingSnapshot Snapshot => Recording.Snapshot;

    /// <summary>Whose audio had come before this bot had the recording.</summary>
    public IReadOnlySet<ulong> HeardBefore { get; }

    /// <summary>Counts the owners of this recording; 1 is the bot that started it.</summary>
    public int Incarnation => manifest.Incarnation;

    /// <summary>The time that nobody listened before this bot took the recording over; null: it started it, or lost none.</summary>
    public RecordingGap? Absence => Manifest.Gaps.LastOrDefault(gap => gap is { UserId: null, Reason: RecordingGap.Takeover });

    /// <summary>Kept in the manifest for the bot that takes the recording over.</summary>
    public IDictionary<string, string> Properties => manifest.Properties;

    /// <summary>What others know of a user's packets, to be added to the track's own counts in the manifest; any thread may ask.</summary>
    public Func<ulong, IReadOnlyDictionary<string, long>>? MoreHealth { set => manifest.MoreHealth = value; }

    /// <summary>Completes when this bot's part in the recording is over, for whatever reason.</summary>
    public Task<RecordingEnd> Ended => ended.Task;

    public UploadSnapshot Upload
    {
        get
        {
            SpoolSnapshot spool = recordings.Spool.Snapshot;
            TimeSpan away = recordings.Leases.StorageAwayFor;
            UploadState state = spool.Level == SpoolLevel.Full ? UploadState.Full : away > TimeSpan.Zero ? UploadState.Delayed
                : UploadState.Ok;
            return new UploadSnapshot(manifest.Safe(), spool, state, away, manifest.AwaitsOptOuts);
        }
    }

    /// <summary>How long it may become.</summary>
    public RecordingLimit Limit { get; }

    /// <summary>Files of this recording that wait on the disk.</summary>
    public int WaitingFiles => recordings.Spool.Closed(Session.RecordingId).Count();

    /// <summary>How long ago the recording last took what had come.</summary>
    internal TimeSpan SinceTick => recordings.Time.GetElapsedTime(Volatile.Read(ref lastTick));

    /// <summary>The call's privacy code; the next refresh of the account says it.</summary>
    public string? PrivacyCode { set => manifest.PrivacyCode = value; }

    /// <summary>The call goes on in this channel; the account keeps all of them.</summary>
    public void GoOnIn(ulong channelId)
    {
        manifest.GoOnIn(channelId);
        beats.Want();
    }

    /// <summary>The recording's account of itself at this moment, also after its end.</summary>
    public SessionManifest Manifest => manifest.Compose(recordings.Time.GetUtcNow());

    /// <summary>
    /// From the next frame on nothing of this user is taken, and what is still here of it goes; or it is taken again. The manifest says so
    /// as soon as the storage answers. Any thread; false: it was so already.
    /// </summary>
    public bool SetOptOut(ulong userId, bool optedOut)
    {
        if (optedOut) return OptOut([userId]);
        bool changed = Recording.Consent.OptIn(userId, captureTime.GetTimestamp());
        if (changed) beats.Want();
        return changed;
    }

    /// <summary>
    /// From the next frame on this user is taken, where that needs an agreement. The word stands in the manifest before the first frame
    /// does. Any thread; false: it was so already.
    /// </summary>
    /// <param name="text">What the person was shown.</param>
    public bool Agree(ConsentEntry entry, string text)
    {
        if (!Recording.Consent.DemandsAgreement || Recording.Consent.HasAgreed(entry.UserId)) return false;
        Note(entry, text);
        return Recording.Consent.Agree(entry.UserId, captureTime.GetTimestamp());
    }

    /// <summary>What people said about being recorded; null where nobody is asked.</summary>
    public ConsentLedger? Ledger => manifest.Ledger;

    /// <summary>Writes somebody's word about being recorded into the manifest. Any thread.</summary>
    public void Note(ConsentEntry entry, string text)
    {
        manifest.Note(entry, text);
        beats.Want();
    }

    /// <inheritdoc cref="ManifestBeat.TryStoreAsync"/>
    public Task<bool> TryStoreAsync(TimeSpan patience, CancellationToken cancellation) => beats.TryStoreAsync(patience, cancellation);

    /// <summary>Nothing is taken of any of these, whatever was said before. Any thread; false: it was so already.</summary>
    public bool OptOut(IReadOnlyCollection<ulong> userIds)
    {
        bool changed = Recording.Consent.OptOut(userIds);
        if (changed) beats.Want(); // one beat is wanted already when it refuses
        // The last tick, which would refuse them, may be over: all that there is of them lies in the spool by then.
        foreach (ulong userId in changed && Volatile.Read(ref captureStopped) ? userIds : []) OnRefused(userId, int.MaxValue);
        return changed;
    }

    /// <summary>
    /// The whole list of who does not want to be recorded: what is here of these goes, and everything else may leave the spool from then
    /// on. Only the first list does something. Any thread.
    /// </summary>
    public void OptOutsKnown(IReadOnlyCollection<ulong> userIds)
    {
        if (manifest.AwaitsOptOuts) Volatile.Write(ref knownOptOuts, userIds);
    }

    internal void Start(bool ticksByCaller)
    {
        recordings.Manifests.RefreshWanted += OnRefreshWanted;
        heartbeat = Task.Run(HeartbeatAsync);
        if (!ticksByCaller) tickLoop = Task.Run(TickLoopAsync);
    }

    /// <summary>One step of the recording. Only for a caller who asked to tick by itself; never on two threads at once.</summary>
    public void Tick()
    {
        lock (tickGate)
        {
            if (!captureStopped) TickOnce();
        }
    }

    /// <summary>
    /// Ends the recording. Its segments are closed at once; completes when all of them are uploaded and the stop message is sent.
    /// Cancelling <paramref name="cancel"/> gives up waiting, not closing: the rest follows by itself, if need be after a restart.
    /// </summary>
    public async Task StopAsync(EndReason reason, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref ending, 1) == 0) await EndAsync(reason).WaitAsync(cancel);
        RecordingEnd end = await ended.Task.WaitAsync(cancel);
        if (end is RecordingEnd.Stopped or RecordingEnd.Limit) await manifest.Gone.WaitAsync(cancel);
    }

    /// <summary>
    /// Leaves the recording running for another bot (or this one after its restart): closes segments, uploads what it can until
    /// <paramref name="cancel"/>, stores the manifest and frees the lease. What is left stays in the spool.
    /// </summary>
    public async Task HandOverAsync(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref ending, 1) != 0)
        {
            await ended.Task.WaitAsync(cancel);
            return;
        }
        await StopCaptureAsync();
        manifest.Properties[LiveManifest.HandedOver] = "true"; // the next owner says that this was no crash
        lease.Local.TrySave();
        try
        {
            await FreeForOthersAsync(cancel);
            logger.RecordingHandedOver(Session.RecordingId.ToString());
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            logger.RecordingLeft(Session.RecordingId.ToString()); // The lease runs out by itself.
        }
        finally
        {
            Leave(RecordingEnd.HandedOver);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref ending) == 0) await HandOverAsync(new CancellationToken(canceled: true));
        ticking.Dispose();
        beating.Dispose();
    }

    private void TickOnce()
    {
        Volatile.Write(ref lastTick, recordings.Time.GetTimestamp());
        bool full = recordings.Spool.Snapshot.Level == SpoolLevel.Full;
        if (full != spoolFull && Recording.Post(full ? new RecordingAction.SpoolFull() : new RecordingAction.SpoolFree())) spoolFull = full;
        IReadOnlyCollection<ulong>? optedOut = Interlocked.Exchange(ref knownOptOuts, null);
        if (optedOut is not null) Recording.Consent.OptOut(optedOut);
        Recording.Tick();
        if (optedOut is not null) LetLeave(optedOut);
        if (Volatile.Read(ref ending) != 0 || !Limit.TakeReached(Recording.SampleCount)) return;
        logger.RecordingLimit(Session.RecordingId.ToString());
        _ = Task.Run(() => Limit.EndAsync(() => StopAsync(EndReason.Limit, CancellationToken.None)));
    }

    // After the tick: it has refused what is here of these.
    private void LetLeave(IReadOnlyCollection<ulong> optedOut)
    {
        manifest.OptOutsKnown(optedOut, byHost: true);
        recordings.Uploader.Rescan();
        beats.Want();
    }

    private async Task EndAsync(EndReason reason)
    {
        await StopCaptureAsync();
        SessionManifest last = manifest.Compose(recordings.Time.GetUtcNow());
        RecordingStopped stopped = new()
        {
            Session = Session,
            EndedAt = Session.StartedAt + SampleClock.ToTime(last.SampleCount),
            EndReason = reason,
            SampleCount = last.SampleCount,
        };
        bool isSaved = lease.Local.TrySave(stopped);
        if (!isSaved)
        {
            await StoreEndAsync(stopped);
            isSaved = lease.Local.TrySave(stopped);
        }
        Leave(reason == EndReason.Limit ? RecordingEnd.Limit : RecordingEnd.Stopped);
        logger.RecordingEnded(Session.RecordingId.ToString(), reason.ToString(), SampleClock.ToTime(last.SampleCount).TotalSeconds);
        while (!isSaved && !manifest.Gone.IsCompleted)
        {
            await Task.Delay(DiskInterval, recordings.Time); // uploads make room on a full disk
            isSaved = manifest.Gone.IsCompleted || lease.Local.TrySave(stopped);
        }
    }

    // The disk does not take the end: this process knows it, and the next one finds it in the storage.
    private async Task StoreEndAsync(RecordingStopped stopped)
    {
        manifest.Stopped(stopped);
        using CancellationTokenSource patience = new(EndPatience, recordings.Time);
        await Task.WhenAny(lease.BeatAsync(patience.Token)); // one that is away as well gets it from the closer
    }

    private async Task FreeForOthersAsync(CancellationToken cancel)
    {
        // Twice: the first manifest sets apart the last indexes, without which nothing is uploaded; the second one lists what was. The next
        // owner knows no more than that.
        if (await lease.BeatAsync(cancel) != LeaseOutcome.Ours) return;
        long since = recordings.Time.GetTimestamp();
        while (!manifest.AwaitsOptOuts && WaitingFiles > 0 && recordings.Time.GetElapsedTime(since) < HandOverPatience)
            await Task.Delay(HandOverInterval, recordings.Time, cancel);
        if (await lease.BeatAsync(cancel) == LeaseOutcome.Ours)
            await lease.ReleaseAsync(cancel);
    }

    private async Task StopCaptureAsync()
    {
        await ticking.CancelAsync();
        await tickLoop;
        lock (tickGate)
        {
            Interlocked.Exchange(ref captureStopped, true); // before the last look at who has opted out, for who opts out after it
            Recording.Stop();
        }
        await beating.CancelAsync();
        await heartbeat;
        recordings.Manifests.RefreshWanted -= OnRefreshWanted;
    }

    private void Leave(RecordingEnd how)
    {
        manifest.Unhost();
        Recording.Dispose();
        recordings.Left(this);
        ended.TrySetResult(how);
    }

    private void OnSegmentClosed(ClosedSegment segment)
    {
        manifest.Closed(segment.Key, segment.StartSample);
        recordings.Uploader.Post(segment,
            SampleClock.ToTime(Math.Max(segment.SampleCount, Recording.SampleCount - segment.StartSample)));
        beats.WantWhenOld();
    }

    private void OnRefused(ulong userId, int below)
    {
        manifest.Refuse(userId, below);
        recordings.Uploader.Erase(Session.RecordingId, userId);
        beats.Want(); // the stored manifest is what tells others that a blob of theirs is nobody's
    }

    private void OnRefreshWanted()
    {
        if (manifest.Indexes.IsWanted) beats.Want();
    }

    private async Task TickLoopAsync()
    {
        using PeriodicTimer timer = new(TickInterval, captureTime);
        try
        {
            while (await timer.WaitForNextTickAsync(ticking.Token)) Tick();
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception bug)
        {
            logger.RecordingFailed(Session.RecordingId.ToString(), bug);
            recordings.Broken(bug);
        }
    }

    private async Task HeartbeatAsync()
    {
        try
        {
            while (true)
            {
                TaskCompletionSource stored = beats.Begin();
                if (await lease.BeatAsync(beating.Token, whileAway: () => lease.Local.TrySave()) == LeaseOutcome.Theirs)
                {
                    _ = Task.Run(LoseAsync);
                    return;
                }
                stored.SetResult();
                await lease.SendStartAsync(beating.Token);
                await beats.WaitAsync(beating.Token);
                beating.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (beating.IsCancellationRequested)
        {
            return;
        }
        catch (Exception bug)
        {
            logger.RecordingFailed(Session.RecordingId.ToString(), bug);
            recordings.Broken(bug);
        }
    }

    private async Task LoseAsync()
    {
        if (Interlocked.Exchange(ref ending, 1) != 0) return;
        logger.RecordingLost(Session.RecordingId.ToString());
        manifest.Indexes.Lost();
        await StopCaptureAsync();
        Leave(RecordingEnd.Lost);
    }
}
