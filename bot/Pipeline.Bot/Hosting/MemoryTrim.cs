using Microsoft.Extensions.Hosting;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// Gives memory back twice a minute. What uploads and requests leave behind survives into the old generation, which the collector
/// looks at when it has grown by megabytes: a call of ten minutes with 25 speakers grew by 10 MB that nobody used. Packets wait in the
/// kernel for the few milliseconds that it takes.
/// </summary>
internal sealed class MemoryTrim(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }
}
