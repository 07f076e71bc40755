using Pipeline.Delivery.ApiClient;
using Pipeline.Functions.Storage;
using Pipeline.Storage;

namespace Pipeline.Functions.Hosting;

/// <summary>
/// Stands in for the Functions host where there is none: reads the same host.json and function.json files, pumps queues and
/// timers with the same rules, and posts the same envelopes over HTTP to the same endpoints.
/// </summary>
public sealed class LocalTriggers(
    FunctionsOptions options, IConfiguration configuration, StorageClients clients, StorageSetup setup, OwnApi own,
    UnexpectedStop stop, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<LocalTriggers> log) : BackgroundService
{
    private static readonly TimeSpan StorageRetry = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await StartedAsync(stoppingToken);
            FunctionManifest manifest = FunctionManifest.Read(AppContext.BaseDirectory, name => configuration[name]);
            await SetUpAsync(stoppingToken);
            using HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = manifest.Settings.FunctionTimeout + TimeSpan.FromMinutes(1) };
            Log.LocalTriggersStarted(log, manifest.Queues.Count, manifest.Timers.Count);
            IEnumerable<Task> queues = manifest.Queues.Select(function =>
                new QueuePump(function, new LocalQueue(clients, function.Queue), manifest.Settings, options.LocalHide, () => own.Address, options.Key, http, time, log).RunAsync(stoppingToken));
            IEnumerable<Task> timers = manifest.Timers.Select(function => RunAsync(function, http, stoppingToken));
            await Task.WhenAll([.. queues, .. timers]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process is asked to end.
        }
        catch (Exception fault)
        {
            Log.LocalTriggersFailed(log, fault.Message, fault);
            stop.Announce();
            lifetime.StopApplication();
        }
    }

    private async Task RunAsync(TimerFunction function, HttpClient http, CancellationToken stopping)
    {
        while (true)
        {
            DateTimeOffset now = time.GetUtcNow();
            DateTimeOffset due = function.Schedule.Next(now);
            await Task.Delay(due - now, time, stopping);
            byte[] envelope = TriggerEnvelope.Write(function, isPastDue: time.GetUtcNow() - due > TimeSpan.FromSeconds(30), time.GetUtcNow());
            bool succeeded = await TriggerCall.PostAsync(http, new Uri(own.Address, function.Name), options.Key, envelope, stopping);
            if (!succeeded) Log.TimerFailed(log, function.Name, "its endpoint did not succeed");
        }
    }

    private async Task StartedAsync(CancellationToken stopping)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration ready = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stopping);
    }

    private async Task SetUpAsync(CancellationToken stopping)
    {
        for (bool told = false; ;)
        {
            try
            {
                await setup.EnsureAsync(stopping);
                return;
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                if (!told) Log.StorageAway(log, fault.Message.Split('\n')[0].Trim());
                told = true;
                await Task.Delay(StorageRetry, time, stopping);
            }
        }
    }
}
