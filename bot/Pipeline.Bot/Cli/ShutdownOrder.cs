using Microsoft.Extensions.Hosting;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Cli;

/// <summary>
/// The order in which a bot goes, so that the next one hears the call again as soon as can be: calls, gateway, then shard and recordings
/// side
/// by side. Everything else (answers, uploads) follows while the next bot is at work.
/// </summary>
/// <remarks>Added last, so that it is stopped first; what it has done is not done again by the services' own stop.</remarks>
internal sealed class ShutdownOrder(GatewayPump bot, ShardLease shard, ActiveRecordings recordings) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await bot.LeaveAsync(cancellationToken);
        await Task.WhenAll(shard.StopAsync(cancellationToken), recordings.HandOverAllAsync(cancellationToken));
    }
}
