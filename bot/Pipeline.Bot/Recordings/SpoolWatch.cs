using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Looks at the spool every second, so that a full one is known before the next segment; counts what the recordings do, and stops the bot
/// when one of them broke off.
/// </summary>
internal sealed class SpoolWatch : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StallPatience = TimeSpan.FromMinutes(1);

    private readonly SegmentSpool spool;
    private readonly ActiveRecordings recordings;
    private readonly TimeProvider time;
    private readonly ILogger<SpoolWatch> logger;
    private SpoolLevel lastLevel;
    private int timesLost;
    private long lastLook;

    public SpoolWatch(SegmentSpool spool, ActiveRecordings recordings, BotMetrics metrics, IHostApplicationLifetime lifetime,
        TimeProvider time, ILogger<SpoolWatch> logger)
    {
        (this.spool, this.recordings, this.time, this.logger) = (spool, recordings, time, logger);
        lastLook = time.GetTimestamp();
        if (!spool.IsPrivate) logger.SpoolOpenToOthers(spool.Root);
        recordings.HasLeft += tracks => metrics.RecordingLeft(tracks.Select(PacketsOf));
        recordings.BrokeOff += lifetime.StopApplication;
        lifetime.ApplicationStopping.Register(recordings.TakeNothingOn);
        metrics.Observe(() => TotalsOf(spool.Snapshot), () => CountTracks(track => track.Speaking), () =>
            CountTracks(track => track.OpenSince is not null), () => recordings.Running.Count);
        metrics.ObservePackets(() => recordings.Running.SelectMany(running => running.Snapshot.Tracks).Select(PacketsOf));
    }

    /// <summary>What should turn every second or faster and has not for a minute: this watch, recordings.</summary>
    public IReadOnlyList<string> Stalled =>
    [
        .. time.GetElapsedTime(Volatile.Read(ref lastLook)) > StallPatience ? ["spool"] : Array.Empty<string>(),
        .. recordings.Running.Where(running => running.SinceTick > StallPatience).Select(running => running.Session.RecordingId.ToString()),
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private void Look()
    {
        Volatile.Write(ref lastLook, time.GetTimestamp());
        SpoolSnapshot now = spool.Refresh();
        if (spool.TimesLost != timesLost) logger.SpoolLost(spool.Root);
        timesLost = spool.TimesLost;
        if (now.Level == lastLevel) return;
        if (now.Level == SpoolLevel.Full) logger.SpoolFull(now.Bytes >> 20, now.FreeBytes >> 20);
        else if (now.Level == SpoolLevel.High && lastLevel == SpoolLevel.Ok) logger.SpoolHigh(now.Bytes >> 20);
        else if (lastLevel == SpoolLevel.Full) logger.SpoolFree(now.Bytes >> 20);
        lastLevel = now.Level;
    }

    private int CountTracks(Func<TrackSnapshot, bool> which) => recordings.Running.Sum(running => running.Snapshot.Tracks.Count(which));

    private static PacketTotals PacketsOf(TrackSnapshot track) => new(track.Health.Received, track.Health.Lost, track.Health.Undecryptable);

    private static SpoolTotals TotalsOf(SpoolSnapshot snapshot) => new(snapshot.Bytes, snapshot.Files, (int)snapshot.Level);
}
