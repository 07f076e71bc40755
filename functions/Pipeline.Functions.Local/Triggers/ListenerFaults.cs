using System.Runtime.ExceptionServices;
using Microsoft.Azure.WebJobs.Host.Timers;
using Pipeline.Storage;

namespace Pipeline.Functions.Local.Triggers;

/// <summary>
/// Hears of faults that no function caught. One of the storage passes; any other means that a listener is gone, and the process
/// ends so that whatever started it starts it again.
/// </summary>
internal sealed class ListenerFaults(IHostApplicationLifetime lifetime, UnexpectedStop stop, ILogger<ListenerFaults> logger)
    : IWebJobsExceptionHandler
{
    public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
    {
        Exception fault = exceptionInfo.SourceException;
        if (StorageFault.IsTransient(fault))
        {
            Log.StorageAway(logger, StorageFault.Describe(fault));
            return Task.CompletedTask;
        }
        Log.LocalTriggersFailed(logger, StorageFault.Describe(fault), fault);
        stop.Announce();
        lifetime.StopApplication();
        return Task.CompletedTask;
    }

    public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod) =>
        OnUnhandledExceptionAsync(exceptionInfo);
}

/// <summary>Makes the one handler.</summary>
internal sealed class ListenerFaultsFactory(IHostApplicationLifetime lifetime, UnexpectedStop stop, ILogger<ListenerFaults> logger)
    : IWebJobsExceptionHandlerFactory
{
    public IWebJobsExceptionHandler Create(IHost jobHost) => new ListenerFaults(lifetime, stop, logger);
}
