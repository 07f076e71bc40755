using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>The recordings that run in this bot: starts them, and hands all over when the bot stops.</summary>
internal sealed class ActiveRecordings : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<RecordingId, ActiveRecording> running = new();
    private readonly ILogger<ActiveRecordings> logger;
    private readonly RecordingOptions options;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lazy<CancellationTokenSource> patience; // one grace for all that a stop does, from its first step on

    public ActiveRecordings(SegmentSpool spool, LiveManifests manifests, RecordingLeases leases, SegmentUploader uploader,
        RecordingOptions options, TimeProvider time, ILogger<ActiveRecordings> logger)
    {
        (Spool, Manifests, Leases, Uploader, Time) = (spool, manifests, leases, uploader, time);
        (this.options, this.logger) = (options, logger);
        patience = new Lazy<CancellationTokenSource>(() => new CancellationTokenSource(options.HandOverGrace, time));
    }

    public IReadOnlyCollection<ActiveRecording> Running => [.. running.Values];

    /// <summary>The bug that broke a recording off and stops the bot, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>A recording has left this bot, for whatever reason; its tracks as they were at the end.</summary>
    public event Action<IReadOnlyList<TrackSnapshot>>? HasLeft;

    /// <summary>A bug broke a recording off.</summary>
    public event Action? BrokeOff;

    /// <summary>Cancelled when the bot is being stopped: nothing is taken over after that.</summary>
    public CancellationToken Stopping => stopping.Token;

    internal SegmentSpool Spool { get; }
    internal LiveManifests Manifests { get; }
    internal RecordingLeases Leases { get; }
    internal SegmentUploader Uploader { get; }
    internal TimeProvider Time { get; }
    internal TimeSpan MaximumDuration => options.Capture.MaximumDuration;

    /// <summary>
    /// Starts a recording. Does not wait for the storage: manifest, lease and start message follow as soon as it answers.
    /// </summary>
    public Task<ActiveRecording> StartAsync(StartRecordingRequest request, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        TimeProvider captureTime = request.CaptureTime ?? Time;
        // What the disk takes from here on must not shift the audio against StartedAt.
        CaptureMoment start = CaptureMoment.Now(captureTime);
        SessionInfo session = request.ToSession(captureTime, start.At);
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
            Consent = request.Consent,
            AwaitsOptOuts = request.AwaitsOptOuts,
        };
        LiveManifest manifest = LiveManifest.Start(Spool.Folder(session.RecordingId), first);
        manifest.TryClaim();
        Manifests.Add(manifest);
        try
        {
            manifest.SaveLocally(first);
        }
        catch
        {
            Manifests.Forget(session.RecordingId);
            throw;
        }
        ActiveRecording host = Host(manifest, captureTime, start.Timestamp, new Dictionary<ulong, int>(), request.TicksByCaller);
        logger.RecordingStarted(session.RecordingId.ToString(), session.ChannelId);
        return Task.FromResult(host);
    }

    /// <summary>From here on no recording is taken over.</summary>
    public void TakeNothingOn() => stopping.Cancel();

    /// <summary>
    /// Closes all segments and lets go of the recordings within the grace, so that another bot can go on with them. Never throws.
    /// </summary>
    public async Task HandOverAllAsync(CancellationToken cancel)
    {
        TakeNothingOn();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Value.Token, cancel);
        await Task.WhenAll(Running.Select(host => host.HandOverAsync(either.Token))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Hands over what still runs, uploads what is possible within the grace, leaves the rest in the spool.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await HandOverAllAsync(cancellationToken);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Value.Token, cancellationToken);
        await Uploader.DrainAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        if (patience.IsValueCreated) patience.Value.Dispose();
        stopping.Dispose();
    }

    /// <param name="startTimestamp">The timestamp of <paramref name="captureTime"/> that is sample 0.</param>
    internal ActiveRecording Host(LiveManifest manifest, TimeProvider captureTime, long startTimestamp, IReadOnlyDictionary<ulong,
        int> firstIndexes, bool ticksByCaller)
    {
        SessionManifest before = manifest.Compose(Time.GetUtcNow());
        Recording recording = new(manifest.Session, options.Capture, manifest.Folder.Path, captureTime, startTimestamp, firstIndexes,
            new Consent(manifest.OptedOut, manifest.MustAgree ? manifest.Ledger!.Agreed() : null))
        {
            ListedBefore = (before.Gaps, before.Notes),
        };
        ActiveRecording host = new(this, manifest, recording, captureTime, logger);
        running[manifest.Session.RecordingId] = host;
        host.Start(ticksByCaller);
        return host;
    }

    internal void Left(ActiveRecording host)
    {
        running.TryRemove(host.Session.RecordingId, out _);
        HasLeft?.Invoke(host.Snapshot.Tracks);
    }

    internal void Broken(Exception bug)
    {
        Failure = bug;
        BrokeOff?.Invoke();
    }
}

/// <summary>How recordings are made, and for how long a bot that was told to stop goes on uploading (SHUTDOWN_GRACE).</summary>
internal sealed record RecordingOptions(CaptureOptions Capture, TimeSpan HandOverGrace);
