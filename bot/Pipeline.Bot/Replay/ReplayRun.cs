using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>
/// One replay from its first packet to the stop message. A replay is no live call: when the spool is near its limit it waits
/// instead of dropping audio. A signal hands the recording over, so that the same call with <c>--continue</c> goes on.
/// </summary>
internal sealed class ReplayRun : IDisposable
{
    private static readonly TimeSpan PaceSlack = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly IHost app;
    private readonly ReplayOptions options;
    private readonly ReplayInput input;
    private readonly ReplayLengths lengths;
    private readonly SegmentSpool spool;
    private readonly SpoolOptions spoolOptions;
    private readonly BotMetrics metrics;
    private readonly TimeProvider time;
    private readonly ReplayProgress progress;
    private readonly ReplayApi api;
    private readonly LatencyHistogram spokenToDurable = new();
    private readonly MeterListener listener = new();
    private readonly CancellationToken stopping;
    private readonly long startedAt;
    private readonly List<MemorySample> memory = [];
    private readonly List<ReplayPart> parts = [];
    private long spoolHighWater;

    public ReplayRun(IHost app, ReplayOptions options, ReplayInput input, ReplayProgress progress, ReplayApi api)
    {
        (this.app, this.options, this.input, this.progress, this.api) = (app, options, input, progress, api);
        lengths = ReplayLengths.Of(input.Length, app.Services.GetRequiredService<ActiveRecordings>().MaximumDuration);
        spool = app.Services.GetRequiredService<SegmentSpool>();
        spoolOptions = app.Services.GetRequiredService<SpoolOptions>();
        metrics = app.Services.GetRequiredService<BotMetrics>();
        time = app.Services.GetRequiredService<TimeProvider>();
        stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        startedAt = time.GetTimestamp();
        listener.InstrumentPublished = static (instrument, listening) =>
        {
            if (instrument.Meter.Name == BotMetrics.MeterName && instrument.Name == BotMetrics.SpokenToDurable)
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => spokenToDurable.Add(seconds));
        listener.Start();
    }

    private ReplayOpening Opening() => new(
        app.Services.GetRequiredService<ActiveRecordings>(),
        app.Services.GetRequiredService<UnownedRecordings>(),
        app.Services.GetRequiredService<RecordingCloser>(),
        spool,
        options,
        lengths,
        time);

    public async Task<ReplaySummary> RunAsync()
    {
        ReplayOpening opening = Opening();
        ReplayStart start = await opening.OpenAsync(stopping);
        if (start.Host is not { } host) return await FinishedAsync(start);
        using ReplayStage stage = new(input, options, start, lengths.Part);
        while (true)
        {
            api.Follow(start.Recording);
            await PlayAsync(host, stage);
            if (stage.IsOver || IsCutShort(host)) break;
            await EndAsync(host, EndReason.Limit, stage);
            if (stopping.IsCancellationRequested) break;
            parts.Add(PartOf(host));
            progress.Tell($"recording {start.Recording} is as long as RECORDING_MAX_DURATION allows: part {parts.Count + 1} begins");
            start = await opening.StartAsync(stage.Position, stopping);
            host = start.Host!;
            stage.Enter(start);
        }
        if (!IsCutShort(host))
        {
            stage.FadeOut();
            await EndAsync(host, EndReason.Stopped, stage);
        }
        return await FinishAsync(host, stage, start);
    }

    public void Dispose() => listener.Dispose();

    private bool IsCutShort(ActiveRecording host) => stopping.IsCancellationRequested || host.Ended.IsCompleted;

    private async Task<ReplaySummary> FinishAsync(ActiveRecording host, ReplayStage stage, ReplayStart start)
    {
        if (stopping.IsCancellationRequested) await app.StopAsync(CancellationToken.None);
        RecordingEnd end = host.Ended.IsCompleted ? await host.Ended : RecordingEnd.HandedOver;
        bool closed = !spool.Folder(host.Session.RecordingId).Exists;
        ReplayMark done = new(host.Session.RecordingId, Closed: true, start.From);
        if (closed && stage.IsOver) done.Save(spool.Root, options.Fingerprint());
        int? finalized = closed && !stopping.IsCancellationRequested ? await api.WaitUntilFinalizedAsync(progress, stopping) : null;
        parts.Add(PartOf(host));
        return Summarize(host, stage, end) with { SegmentsFinalized = finalized };
    }

    private static ReplayPart PartOf(ActiveRecording host) =>
        new(host.Session.RecordingId, SampleClock.ToTime(host.Manifest.SampleCount).TotalSeconds);

    private async Task PlayAsync(ActiveRecording host, ReplayStage stage)
    {
        long pacedFrom = time.GetTimestamp();
        TimeSpan pacedPosition = stage.Position;
        while (!stage.IsOver && !stage.IsPartOver && !IsCutShort(host))
        {
            if (await WaitForRoomAsync(stage)) (pacedFrom, pacedPosition) = (time.GetTimestamp(), stage.Position);
            stage.Step();
            Watch(stage);
            TimeSpan ahead = ((stage.Position - pacedPosition) / options.Speed) - time.GetElapsedTime(pacedFrom);
            if (ahead > PaceSlack) await Task.Delay(ahead, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // True: it had to wait. Begins at 70 % of the limit and ends at 50 %, so that the recording itself never meets the limit.
    private async Task<bool> WaitForRoomAsync(ReplayStage stage)
    {
        SpoolSnapshot now = spool.Refresh();
        if (now.Level != SpoolLevel.Full && now.Bytes < spoolOptions.LimitBytes / 10 * 7) return false;
        while ((now.Level == SpoolLevel.Full || now.Bytes > spoolOptions.LimitBytes / 2) && !stopping.IsCancellationRequested)
        {
            Watch(stage);
            await Task.Delay(Poll, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            now = spool.Refresh();
        }
        return true;
    }

    private async Task EndAsync(ActiveRecording host, EndReason reason, ReplayStage stage)
    {
        Task closing = host.StopAsync(reason, stopping);
        while (!closing.IsCompleted)
        {
            Watch(stage);
            await Task.WhenAny(closing, Task.Delay(Poll, time));
        }
        await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (closing.IsFaulted && !stopping.IsCancellationRequested) await closing;
        Watch(stage);
    }

    private void Watch(ReplayStage stage)
    {
        SpoolSnapshot now = spool.Snapshot;
        spoolHighWater = Math.Max(spoolHighWater, now.Bytes);
        int percent = (int)Math.Min(100, stage.Position / input.Length * 100);
        int tenth = percent / 10 * 10;
        if (memory.Count == 0 || memory[^1].Percent < tenth) memory.Add(MemorySample.Take(tenth));
        progress.Show(new ReplayState(stage.Position, input.Length, percent, options.Speakers.Count, metrics.Closed, metrics.Uploaded,
            api.Moved, now, memory[^1]));
    }

    private ReplaySummary Summarize(ActiveRecording host, ReplayStage stage, RecordingEnd end)
    {
        SessionManifest manifest = host.Manifest;
        return new ReplaySummary
        {
            RecordingId = host.Session.RecordingId,
            End = end.ToString(),
            StartedAt = host.Session.StartedAt,
            Seconds = SampleClock.ToTime(manifest.SampleCount).TotalSeconds,
            RealSeconds = time.GetElapsedTime(startedAt).TotalSeconds,
            Speakers = options.Speakers.Count,
            Incarnation = host.Incarnation,
            PacketsSent = stage.Sent,
            PacketsLost = stage.Lost,
            SegmentsClosed = metrics.Closed,
            SegmentsUploaded = metrics.Uploaded,
            BytesUploaded = metrics.UploadedBytes,
            SpoolFiles = spool.Refresh().Files,
            SpoolHighWaterBytes = spoolHighWater,
            SpokenToDurableP50 = spokenToDurable.Quantile(0.5),
            SpokenToDurableP95 = spokenToDurable.Quantile(0.95),
            Memory = memory,
            Tracks = manifest.Tracks,
            Parts = parts,
            Warnings = [.. input.Warnings],
        };
    }

    // An earlier run may have ended before the functions had.
    private async Task<ReplaySummary> FinishedAsync(ReplayStart start)
    {
        new ReplayMark(start.Recording, Closed: true, start.From).Save(spool.Root, options.Fingerprint());
        api.Follow(start.Recording);
        int? finalized = await api.WaitUntilFinalizedAsync(progress, stopping);
        return new ReplaySummary
        {
            RecordingId = start.Recording,
            SegmentsFinalized = finalized,
            End = ReplaySummary.AlreadyClosed,
            StartedAt = time.GetUtcNow(),
            Seconds = 0,
            RealSeconds = time.GetElapsedTime(startedAt).TotalSeconds,
            Speakers = options.Speakers.Count,
            Incarnation = 0,
            SegmentsUploaded = metrics.Uploaded,
            BytesUploaded = metrics.UploadedBytes,
            SpoolFiles = spool.Refresh().Files,
        };
    }
}

/// <summary>
/// What the progress shows: position and length of the call, what was closed and uploaded in this run, what was moved (null: not known),
/// spool and memory.
/// </summary>
internal sealed record ReplayState(TimeSpan Position, TimeSpan Length, int Percent, int Speakers, long Closed, long Uploaded, int? Moved,
    SpoolSnapshot Spool, MemorySample Memory);
