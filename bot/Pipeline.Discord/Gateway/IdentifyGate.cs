using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>
/// Lets shards identify no faster than Discord allows: one per 5 s and bucket (shard id modulo max_concurrency), and none when
/// the day's budget is used up, because exceeding it resets the bot's token (Discord: Rate Limiting, Session Start Limit).
/// </summary>
internal sealed class IdentifyGate(Func<CancellationToken, Task<GatewayInfo>> fetch, TimeSpan interval, TimeProvider time, ILogger log)
    : IDisposable
{
    private static readonly TimeSpan InfoLifetime = TimeSpan.FromSeconds(30);

    // Several shards ask at once; the budget is counted by one of them at a time.
    private readonly SemaphoreSlim budget = new(1, 1);
    private readonly ConcurrentDictionary<int, Bucket> buckets = new();
    private GatewayInfo? info;
    private long infoAt;
    private int remaining;

    /// <summary>The gateway's address and limits; asked once and kept until an Identify needs newer numbers.</summary>
    public async Task<GatewayInfo> GetInfoAsync(CancellationToken cancellationToken) => info ?? await RefreshAsync(cancellationToken);

    /// <summary>
    /// Returns when <paramref name="shard"/> may identify. Nobody else of its bucket may until the ticket is disposed, right after
    /// Identify was sent: the pause counts from there, however long connecting takes.
    /// </summary>
    public async Task<IDisposable> TakeAsync(int shard, CancellationToken cancellationToken)
    {
        GatewayInfo current = await GetInfoAsync(cancellationToken);
        Bucket bucket = buckets.GetOrAdd(shard % Math.Max(1, current.SessionStartLimit.MaxConcurrency), _ => new Bucket());
        await bucket.Gate.WaitAsync(cancellationToken);
        try
        {
            await TakeFromBudgetAsync(cancellationToken);
            if (bucket.LastAt is { } last && interval - time.GetElapsedTime(last) is { } rest && rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, time, cancellationToken);
            }
            return new Ticket(bucket, time);
        }
        catch
        {
            bucket.Gate.Release();
            throw;
        }
    }

    public void Dispose()
    {
        budget.Dispose();
        foreach (Bucket bucket in buckets.Values) bucket.Gate.Dispose();
    }

    private async Task TakeFromBudgetAsync(CancellationToken cancellationToken)
    {
        await budget.WaitAsync(cancellationToken);
        try
        {
            if (time.GetElapsedTime(infoAt) > InfoLifetime) await RefreshAsync(cancellationToken);
            while (remaining <= 0)
            {
                TimeSpan wait = TimeSpan.FromMilliseconds(Math.Max(1000, info!.SessionStartLimit.ResetAfter));
                log.IdentifyBudgetEmpty(wait);
                await Task.Delay(wait, time, cancellationToken);
                await RefreshAsync(cancellationToken);
            }
            remaining--;
        }
        finally
        {
            budget.Release();
        }
    }

    private async Task<GatewayInfo> RefreshAsync(CancellationToken cancellationToken)
    {
        GatewayInfo fresh = await fetch(cancellationToken);
        remaining = fresh.SessionStartLimit.Remaining;
        infoAt = time.GetTimestamp();
        info = fresh;
        return fresh;
    }

    private sealed class Ticket(Bucket bucket, TimeProvider time) : IDisposable
    {
        public void Dispose()
        {
            bucket.LastAt = time.GetTimestamp();
            bucket.Gate.Release();
        }
    }

    private sealed class Bucket
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);
        public long? LastAt { get; set; }
    }
}
