using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Queues;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Azure;
using Pipeline.Delivery.Invocations;

namespace Pipeline.Functions.Local.Triggers;

/// <summary>Registers the WebJobs SDK: the engine of the Functions host, in this process, with the rules of host.json.</summary>
internal static class TriggerServices
{
    public static void AddLocalTriggers(this IServiceCollection services)
    {
        IWebJobsBuilder jobs = services.AddWebJobs(static options => { });
        jobs.AddTimers();
        jobs.AddAzureStorageQueues(queues =>
        {
            queues.BatchSize = FunctionTable.BatchSize;
            queues.NewBatchThreshold = FunctionTable.NewBatchThreshold;
            queues.MaxDequeueCount = FunctionTable.MaxDequeueCount;
            queues.VisibilityTimeout = FunctionTable.RetryDelay;
            queues.MaxPollingInterval = FunctionTable.MaxPollingInterval;
            queues.MessageEncoding = Azure.Storage.Queues.QueueMessageEncoding.None;
        });
        services.AddSingleton<ITypeLocator, TriggerTypes>();
        services.AddSingleton<ScheduleMonitor, NoScheduleMonitor>();
        services.AddSingleton<IWebJobsExceptionHandlerFactory, ListenerFaultsFactory>();
        services.AddSingleton<IQueueProcessorFactory, HidingProcessorFactory>();
        services.AddSingleton<AzureComponentFactory, QueueClientFactory>();
        services.AddSingleton<DrainPeriod>();
        services.AddSingleton<LocalTriggers>();
        services.AddHostedService(static provider => provider.GetRequiredService<LocalTriggers>());
    }

    /// <summary>The classes with functions in them; nothing else is looked through.</summary>
    private sealed class TriggerTypes : ITypeLocator
    {
        public IReadOnlyList<Type> GetTypes() => [typeof(TriggerFunctions), typeof(TranscribeFunctions)];
    }

    /// <summary>No timer of ours asks for runs that were missed: the next sweep does what the last one could not.</summary>
    private sealed class NoScheduleMonitor : ScheduleMonitor
    {
        public override Task<ScheduleStatus> GetStatusAsync(string timerName) => Task.FromResult<ScheduleStatus>(null!);

        public override Task UpdateStatusAsync(string timerName, ScheduleStatus status) => Task.CompletedTask;
    }
}
