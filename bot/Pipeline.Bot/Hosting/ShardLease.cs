using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// One bot per shard: a lease on <c>shards/{application}-{i}-of-{n}</c> in the temp container, taken before the gateway is identified and
/// given back as soon as the gateway is left. A platform that starts the new revision before it stops the old one gets one that serves and
/// one that stands by.
/// </summary>
/// <remarks>
/// The lease lasts 15 s, the shortest that the service gives, and is renewed every 5 s: a bot that was killed is replaced after at most 15
/// s.
/// While the storage is away the shard is served even so, because a call is recorded into the spool then; two bots that both cannot
/// reach the storage are told apart as soon as it answers, and the one that does not hold the lease stops.
/// </remarks>
internal sealed class ShardLease(TempStorages storages, ShardName name, WarmStandby standBy, TimeProvider time,
    IHostApplicationLifetime lifetime, ILogger<ShardLease> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StoragePatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(5);

    private readonly string leaseId = new Guid(RandomNumberGenerator.GetBytes(16)).ToString("D", CultureInfo.InvariantCulture);
    private readonly CancellationTokenSource stopping = new();
    private Task renewing = Task.CompletedTask;
    private Task preparing = Task.CompletedTask;
    private long preparedAt;
    private volatile ShardState state;
    private string unanswered = "";

    public ShardState State => state;

    private TempStorage Storage => storages.All[0];

    /// <summary>Completes when this bot may serve the shard; that may be long after, when another one leaves it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        long answered = time.GetTimestamp();
        while (await AskAsync(cancellationToken) is var outcome && outcome != LeaseOutcome.Ours)
        {
            if (outcome is not null) answered = time.GetTimestamp();
            else if (time.GetElapsedTime(answered) > StoragePatience)
            {
                logger.ShardUnconfirmed(name.ToString(), unanswered);
                break;
            }
            if (outcome == LeaseOutcome.Theirs) WhileStandingBy(cancellationToken);
            await Task.Delay(AskInterval, time, cancellationToken);
        }
        if (state == ShardState.StandingBy) logger.ShardTaken(name.ToString());
        state = ShardState.Ours;
        renewing = Task.Run(RenewAsync, CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await renewing;
        if (state != ShardState.Ours) return;
        state = ShardState.Left;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ReleasePatience);
        try
        {
            await Storage.ReleaseShardAsync(name.BlobName, leaseId, patience.Token);
            logger.ShardReleased(name.ToString());
        }
        catch (Exception failure) when (failure is OperationCanceledException || StorageRetry.IsWorld(failure, patience.Token))
        {
            logger.ShardNotReleased(name.ToString(), StorageRetry.Describe(failure));
        }
    }

    public void Dispose() => stopping.Dispose();

    private void WhileStandingBy(CancellationToken cancellationToken)
    {
        if (state != ShardState.StandingBy) logger.ShardStandingBy(name.ToString());
        else if (!preparing.IsCompleted || time.GetElapsedTime(preparedAt) < WarmStandby.Interval) return;
        state = ShardState.StandingBy;
        preparedAt = time.GetTimestamp();
        preparing = Task.Run(() => standBy.PrepareAsync(cancellationToken), CancellationToken.None);
    }

    private async Task RenewAsync()
    {
        using PeriodicTimer timer = new(RenewInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                if (await AskAsync(stopping.Token) != LeaseOutcome.Theirs) continue;
                state = ShardState.Lost;
                logger.ShardLost(name.ToString());
                lifetime.StopApplication();
                return;
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>Null: the storage does not answer.</summary>
    private async Task<LeaseOutcome?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Storage.AcquireShardAsync(name.BlobName, leaseId, cancellationToken);
        }
        catch (Exception failure) when (StorageRetry.IsWorld(failure, cancellationToken))
        {
            unanswered = StorageRetry.Describe(failure);
            return null;
        }
    }
}

/// <summary>Which application and which of its shards a bot serves. Two bots of the same name must not serve at the same time.</summary>
/// <param name="Application">16 hexadecimal digits that follow from the token and say nothing about it.</param>
/// <param name="Shard">Null: all of them.</param>
internal sealed record ShardName(string Application, ShardRange? Shard)
{
    public string BlobName => BlobPaths.Shard(ToString());

    public static ShardName For(string token, ShardRange? shard) =>
        new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 8)), shard);

    public override string ToString() => Shard is { } one ? $"{Application}-{one.Index}-of-{one.Count}" : $"{Application}-all";
}

/// <summary>Who serves the shard.</summary>
internal enum ShardState
{
    /// <summary>Not asked yet.</summary>
    Unknown,

    /// <summary>Another bot; we wait, ready to go on when it leaves.</summary>
    StandingBy,

    /// <summary>We do.</summary>
    Ours,

    /// <summary>Ours until we left it to the next bot.</summary>
    Left,

    /// <summary>Another bot took it while we could not say that we live; we stop.</summary>
    Lost,
}
