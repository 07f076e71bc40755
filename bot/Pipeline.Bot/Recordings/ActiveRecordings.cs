using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// The recordings that run in this bot: starts them, takes over those that nobody runs, watches the spool, and hands all over
/// when the bot stops.
/// </summary>
internal sealed class ActiveRecordings : BackgroundService
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StallPatience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<RecordingId, ActiveRecording> running = new();
    private readonly ILogger<ActiveRecordings> logger;
    private readonly IHostApplicationLifetime lifetime;
    private readonly BotMetrics metrics;
    private readonly Lazy<CancellationTokenSource> patience; // one grace for all that a stop does, from its first step on
    private SpoolLevel lastLevel;
    private long lastWatch;

    public ActiveRecordings(SegmentSpool spool, TempStorages storages, LiveManifests keepers, StorageRetry retry, SegmentUploader uploader, RecordingCloser closer, CaptureOptions capture, HandOverOptions handOver, BotMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<ActiveRecordings> logger)
    {
        (Spool, Storages, Keepers, Retry, Uploader, Closer) = (spool, storages, keepers, retry, uploader, closer);
        (Capture, Time, this.lifetime, this.logger) = (capture, time, lifetime, logger);
        patience = new Lazy<CancellationTokenSource>(() => new CancellationTokenSource(handOver.Grace, time));
        uploader.SegmentLeft = _ => closer.Wake();
        metrics.Observe(() => TotalsOf(spool.Snapshot), () => CountTracks(track => track.Speaking), () => CountTracks(track => track.OpenSince is not null), () => running.Count);
        metrics.ObservePackets(() => Running.SelectMany(host => host.Snapshot.Tracks).Select(PacketsOf));
        (this.metrics, lastWatch) = (metrics, time.GetTimestamp());
    }

    public IReadOnlyCollection<ActiveRecording> Running => [.. running.Values];

    /// <summary>What should turn every second or faster and has not for a minute: the watch over the spool, recordings.</summary>
    public IReadOnlyList<string> Stalled =>
    [
        .. Time.GetElapsedTime(Volatile.Read(ref lastWatch)) > StallPatience ? ["spool"] : Array.Empty<string>(),
        .. Running.Where(host => host.SinceTick > StallPatience).Select(host => host.Session.RecordingId.ToString()),
    ];

    internal SegmentSpool Spool { get; }
    internal TempStorages Storages { get; }
    internal LiveManifests Keepers { get; }
    internal StorageRetry Retry { get; }
    internal SegmentUploader Uploader { get; }
    internal RecordingCloser Closer { get; }
    internal CaptureOptions Capture { get; }
    internal TimeProvider Time { get; }

    /// <summary>The bug that broke a recording off and stops the bot, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Starts a recording. Does not wait for the storage: manifest, lease and start message follow as soon as it answers.</summary>
    public Task<ActiveRecording> StartAsync(StartRecordingRequest request, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        TimeProvider captureTime = request.CaptureTime ?? Time;
        // Both clocks are read together: what the disk takes from here on must not shift the audio against StartedAt.
        long startTimestamp = captureTime.GetTimestamp();
        SessionInfo session = request.ToSession(captureTime);
        SessionManifest first = new()
        {
            Session = session,
            State = ManifestState.Recording,
            Incarnation = 1,
            UpdatedAt = Time.GetUtcNow(),
            SampleCount = 0,
            Tracks = [],
            Properties = request.Properties,
            OptedOut = request.OptedOut,
        };
        LiveManifest keeper = LiveManifest.Start(Spool.Folder(session.RecordingId), first);
        keeper.TryClaim();
        Keepers.Add(keeper);
        try
        {
            keeper.SaveLocally(first);
        }
        catch
        {
            Keepers.Forget(session.RecordingId);
            throw;
        }
        ActiveRecording host = Host(keeper, new RecordingLease(Storages, Time), captureTime, startTimestamp, new Dictionary<ulong, int>(), request.TicksByCaller);
        logger.RecordingStarted(session.RecordingId.ToString(), session.ChannelId);
        return Task.FromResult(host);
    }

    /// <summary>
    /// Recordings that do not run here and have not ended: those of our own spool first, then those of the temp container,
    /// of which some may be running elsewhere (<see cref="RecordingCandidate.IsLeased"/>).
    /// </summary>
    /// <remarks>The temp container is asked once; when it does not answer, the spool's are all there is.</remarks>
    public async Task<IReadOnlyList<RecordingCandidate>> FindUnownedAsync(CancellationToken cancel)
    {
        List<RecordingCandidate> found = [];
        foreach (RecordingId recording in Spool.Recordings())
        {
            if (Keepers.Find(recording) is { IsHosted: false, IsLost: false } keeper && !keeper.Folder.IsStopped) found.Add(Local(keeper));
        }
        foreach (TempStorage storage in Storages.All)
        {
            try
            {
                IEnumerable<StoredManifest> stored = await storage.ListManifestsAsync(cancel);
                found.AddRange(stored.Where(there => there.Manifest.State == ManifestState.Recording && !Spool.Folder(there.Manifest.Session.RecordingId).Exists)
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
    public async Task<ActiveRecording?> TakeOverAsync(RecordingCandidate candidate, TimeProvider? captureTime, bool ticksByCaller, CancellationToken cancel)
    {
        // A bot that is being stopped takes nothing on: what begins after its hand-over would be handed over by nobody.
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
        return await new RecordingTakeover(this, candidate, captureTime ?? Time, logger).RunAsync(ticksByCaller, either.Token);
    }

    /// <summary>The same candidate with all that the temp container tells of it beyond its manifest; as it is when the storage does not answer.</summary>
    public async Task<RecordingCandidate> CompleteAsync(RecordingCandidate candidate, CancellationToken cancel)
    {
        if (candidate.InSpool) return candidate;
        try
        {
            FoundRecording found = await FoundRecording.LookAsync(Storages.For(candidate.Session), candidate.Manifest, cancel);
            SessionManifest manifest = found.Manifest with { Gaps = [.. found.Manifest.Gaps, .. found.GapsUntil(found.LastSample)] };
            return candidate with { Manifest = manifest, LastSample = found.LastSample };
        }
        catch (Exception failure) when (StorageRetry.IsWorld(failure, cancel))
        {
            return candidate;
        }
    }

    /// <summary>Up to where a recording that nobody runs is durable: nothing of it before waits in our spool.</summary>
    public long SafeSample(RecordingCandidate candidate) =>
        Spool.Closed(candidate.Session.RecordingId).Select(PreparedSegment.Describe).OfType<ClosedSegment>().Select(segment => segment.StartSample).Append(candidate.LastSample).Min();

    /// <summary>Ends a recording that nobody runs and that shall not go on: its leftovers are uploaded, then the stop message is sent.</summary>
    /// <param name="candidate">As <see cref="CompleteAsync"/> gives it.</param>
    public Task CloseUnownedAsync(RecordingCandidate candidate, EndReason reason, CancellationToken cancel)
    {
        RecordingFolder folder = Spool.Folder(candidate.Session.RecordingId);
        if (!candidate.InSpool) folder.Save(candidate.Manifest);
        folder.Save(new RecordingStopped
        {
            Session = candidate.Session,
            EndedAt = candidate.Session.StartedAt + SampleClock.ToTime(candidate.LastSample),
            EndReason = reason,
            SampleCount = candidate.LastSample,
        });
        return Closer.WhenClosed(candidate.Session.RecordingId).WaitAsync(cancel);
    }

    /// <summary>Closes all segments and lets go of the recordings within the grace, so that another bot can go on with them. Never throws.</summary>
    public async Task HandOverAllAsync(CancellationToken cancel)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Value.Token, cancel);
        await Task.WhenAll(Running.Select(host => host.HandOverAsync(either.Token))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Hands over what still runs, uploads what is possible within the grace, leaves the rest in the spool.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await HandOverAllAsync(cancellationToken);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Value.Token, cancellationToken);
        await Uploader.DrainAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        if (patience.IsValueCreated) patience.Value.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(WatchInterval, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) WatchSpool();
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <param name="startTimestamp">The timestamp of <paramref name="captureTime"/> that is sample 0.</param>
    internal ActiveRecording Host(LiveManifest keeper, RecordingLease lease, TimeProvider captureTime, long startTimestamp, IReadOnlyDictionary<ulong, int> firstIndexes, bool ticksByCaller)
    {
        Recording recording = new(keeper.Session, Capture, keeper.Folder.Path, captureTime, startTimestamp, firstIndexes, new Consent(keeper.OptedOut));
        ActiveRecording host = new(this, keeper, lease, recording, captureTime, logger);
        running[keeper.Session.RecordingId] = host;
        host.Start(ticksByCaller);
        return host;
    }

    internal void Left(ActiveRecording host)
    {
        running.TryRemove(host.Session.RecordingId, out _);
        metrics.RecordingLeft(host.Snapshot.Tracks.Select(PacketsOf));
    }

    internal void Broken(ActiveRecording host, Exception bug)
    {
        Failure = bug;
        lifetime.StopApplication();
    }

    private RecordingCandidate Local(LiveManifest keeper)
    {
        SessionManifest manifest = keeper.Compose(Time.GetUtcNow());
        long last = Math.Max(manifest.SampleCount, keeper.LastJournaledSample);
        foreach (SpooledSegment file in Spool.Closed(keeper.Session.RecordingId))
        {
            if (PreparedSegment.Describe(file) is { } segment) last = Math.Max(last, segment.StartSample + segment.SampleCount);
        }
        return new RecordingCandidate(manifest, InSpool: true, last, IsLeased: false);
    }

    private static PacketTotals PacketsOf(TrackSnapshot track) => new(track.Health.Received, track.Health.Lost, track.Health.Undecryptable);

    private static SpoolTotals TotalsOf(SpoolSnapshot snapshot) => new(snapshot.Bytes, snapshot.Files, (int)snapshot.Level);

    private int CountTracks(Func<TrackSnapshot, bool> which) => Running.Sum(host => host.Snapshot.Tracks.Count(which));

    private void WatchSpool()
    {
        Volatile.Write(ref lastWatch, Time.GetTimestamp());
        SpoolSnapshot spool = Spool.Refresh();
        if (spool.Level == lastLevel) return;
        if (spool.Level == SpoolLevel.Full) logger.SpoolFull(spool.Bytes >> 20, spool.FreeBytes >> 20);
        else if (spool.Level == SpoolLevel.High && lastLevel == SpoolLevel.Ok) logger.SpoolHigh(spool.Bytes >> 20);
        else if (lastLevel == SpoolLevel.Full) logger.SpoolFree(spool.Bytes >> 20);
        lastLevel = spool.Level;
    }
}

/// <summary>How long a bot that was told to stop goes on uploading what it has handed over (SHUTDOWN_GRACE).</summary>
internal sealed record HandOverOptions(TimeSpan Grace);
