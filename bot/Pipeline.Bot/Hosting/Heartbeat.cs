using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// One line a minute that says that the bot lives and what it does; its absence is what the owner is alerted of. While the spool is
/// filling or the storage has been away for long, it says that too, every time, so that the alert stands as long as its reason.
/// </summary>
internal sealed class Heartbeat(ActiveRecordings hosts, SegmentSpool spool, StorageRetry retry, ShardLease lease, TimeProvider time,
    ILogger<Heartbeat> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongAway = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            do Tell();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private void Tell()
    {
        SpoolSnapshot waiting = spool.Snapshot;
        logger.Alive(ShardWord(lease.State), hosts.Running.Count, waiting.Files, waiting.Bytes >> 20, Environment.WorkingSet >> 20);
        if (waiting.Level != SpoolLevel.Ok || retry.Failing > LongAway)
            logger.SpoolAlarm(waiting.Level.ToString(), waiting.Bytes >> 20, retry.Failing.TotalMinutes);
    }

    private static string ShardWord(ShardState state) => state switch
    {
        ShardState.Unknown => "our part of the servers is not claimed yet",
        ShardState.StandingBy => "another bot serves our part of the servers",
        ShardState.Ours => "we serve our part of the servers",
        _ => "our part of the servers is left to the next bot",
    };
}
