using Microsoft.Azure.WebJobs;
using Pipeline.Delivery.Invocations;
using Pipeline.Storage;

namespace Pipeline.Functions.Local.Triggers;

/// <summary>
/// Starts the triggers when the API listens and the storage answers, and ends them before the API stops listening: the functions
/// under way still need it.
/// </summary>
internal sealed class LocalTriggers(
    IJobHost jobs, StorageSetup setup, DrainPeriod drain, UnexpectedStop stop, IHostApplicationLifetime lifetime, TimeProvider time,
        ILogger<LocalTriggers> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan StorageRetry = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        running = RunAsync(stopping.Token);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        await stopping.CancelAsync();
        await running;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => stopping.Dispose();

    private async Task RunAsync(CancellationToken end)
    {
        try
        {
            if (!await TrySetUpAsync(end)) return;
            await jobs.StartAsync(CancellationToken.None);
            Log.LocalTriggersStarted(logger, FunctionTable.Queues.Count, FunctionTable.Timers.Count);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Receives nothing more, and waits for what is under way until its token is cancelled.
            await jobs.StopAsync();
        }
        catch (Exception fault)
        {
            Log.LocalTriggersFailed(logger, StorageFault.Describe(fault), fault);
            stop.Announce();
            lifetime.StopApplication();
        }
    }

    // False where the process was asked to end before the storage answered.
    private async Task<bool> TrySetUpAsync(CancellationToken end)
    {
        for (bool told = false; !end.IsCancellationRequested; told = true)
        {
            try
            {
                await setup.EnsureAsync(end);
                return true;
            }
            catch (Exception fault)
            {
                if (!told && !end.IsCancellationRequested) Log.StorageAway(logger, StorageFault.Describe(fault));
                await Task.Delay(StorageRetry, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        return false;
    }
}
