using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Model;
using Polly;
using Polly.Retry;

namespace Pipeline.Discord.Gateway;

/// <summary>
/// The bot's presence at Discord: one or more shards of gateway v10, one cache of guilds and one queue of events, in arrival order
/// per shard. <see cref="RunAsync"/> keeps it alive; everything else may be used from any thread.
/// </summary>
/// <param name="fetchInfo">Asks <c>GET /gateway/bot</c>.</param>
public sealed class GatewayClient(
    GatewayOptions options, Func<CancellationToken, Task<GatewayInfo>> fetchInfo, TimeProvider time, Random random,
        ILogger<GatewayClient> log)
{
    private readonly Channel<GatewayEvent> events = Channel.CreateBounded<GatewayEvent>(new BoundedChannelOptions(options.EventCapacity)
    {
        FullMode = BoundedChannelFullMode.Wait,
        SingleReader = true,
    });

    private int shardCount = 1;
    private readonly TaskCompletionSource<GatewayShard[]> shards = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What happens. One reader; it must not do slow work itself, because a full queue stops the shards from reading.</summary>
    public ChannelReader<GatewayEvent> Events => events.Reader;

    public GuildCache Guilds { get; } = new();

    /// <summary>The bot's own user id; 0 before the first session.</summary>
    public ulong SelfId => Guilds.Self?.Id ?? 0;

    /// <summary>Which shard of this process serves a guild, as <see cref="GatewayEvent.SessionStarted"/> numbers it.</summary>
    public int ShardOf(ulong guildId) => ShardRange.ShardOf(guildId, shardCount);

    /// <summary>Whether every shard has a session.</summary>
    public bool IsReady => shards.Task.IsCompletedSuccessfully && shards.Task.Result.All(shard => shard.IsReady);

    /// <summary>Slowest shard's heartbeat to answer; null before the first.</summary>
    public TimeSpan? Latency => shards.Task.IsCompletedSuccessfully ? shards.Task.Result.Max(shard => shard.Latency) : null;

    /// <summary>Runs until cancelled; says goodbye to Discord then.</summary>
    /// <exception cref="GatewayFatalException">Token, intents or sharding are wrong; the message names the remedy.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            using IdentifyGate gate = new(FetchPatientlyAsync, options.IdentifyInterval, time, log);
            GatewayInfo info = await gate.GetInfoAsync(stop.Token);
            int count = options.Shard?.Count ?? Math.Max(1, info.Shards);
            shardCount = count;
            IEnumerable<int> indexes = options.Shard is { } own ? [own.Index] : Enumerable.Range(0, count);
            GatewayShard[] all = [.. indexes.Select(index => CreateShard(index, count, gate))];
            shards.TrySetResult(all);
            Task[] runs = [.. all.Select(shard => shard.RunAsync(stop.Token))];
            Task first = await Task.WhenAny(runs); // only a fatal problem or the end
            await stop.CancelAsync();
            await Task.WhenAll(runs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
        finally
        {
            events.Writer.TryComplete();
        }
    }

    /// <summary>
    /// Op 4 on the guild's shard: joins, moves or leaves (null) voice. Waits while the shard has no session. Discord answers with
    /// events, in either order, or not at all. A leave whose waiting is cancelled is still sent when there is a session again, unless a
    /// join is asked for before.
    /// </summary>
    public async ValueTask UpdateVoiceStateAsync(ulong guildId, ulong? channelId, bool selfMute, bool selfDeaf,
        CancellationToken cancellationToken)
    {
        GatewayShard[] all = await shards.Task.WaitAsync(cancellationToken);
        GatewayShard shard = all.Length == 1 ? all[0] : all[ShardRange.ShardOf(guildId, all.Length)];
        await shard.UpdateVoiceStateAsync(guildId, channelId, selfMute, selfDeaf, cancellationToken);
    }

    private GatewayShard CreateShard(int index, int count, IdentifyGate gate) =>
        new(new ShardRange(index, count), options, gate, new GatewayDispatch(index, Guilds, events.Writer, time, log), time,
            new Random(random.Next()), log);

    /// <summary>Discord's API may be away for a while when the bot starts; a refused token is final.</summary>
    private async Task<GatewayInfo> FetchPatientlyAsync(CancellationToken cancellationToken)
    {
        ResiliencePipeline patience = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<TimeoutException>()
                    .Handle<Rest.DiscordRestException>(problem => !problem.IsTokenRefused),
                MaxRetryAttempts = int.MaxValue,
                Delay = options.ReconnectDelay,
                MaxDelay = TimeSpan.FromSeconds(60),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                OnRetry = retry =>
                {
                    log.GatewayInfoFailed(retry.Outcome.Exception?.Message ?? "", retry.RetryDelay);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
        try
        {
            return await patience.ExecuteAsync(async token => await fetchInfo(token), cancellationToken);
        }
        catch (Rest.DiscordRestException refused) when (refused.IsTokenRefused)
        {
            throw new GatewayFatalException(401, GatewayCloseCode.Explain(4004));
        }
    }
}
