using Microsoft.Extensions.Hosting;
using Pipeline.Bot.Storage;

namespace Pipeline.Bot.Cli;

/// <summary>
/// Creates containers and queues where they are missing. A storage that is away at the start keeps nobody from recording: it is tried until
/// it answers.
/// </summary>
internal sealed class StoragePreparation(TempStorages storages, StorageRetry retry) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (TempStorage storage in storages.All)
        {
            await retry.ExecuteAsync(async token =>
            {
                await storage.EnsureCreatedAsync(token);
                return true;
            }, stoppingToken);
        }
    }
}
