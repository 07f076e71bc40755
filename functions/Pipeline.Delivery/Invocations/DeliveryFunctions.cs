using System.Diagnostics;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Storage;

namespace Pipeline.Delivery.Invocations;

/// <summary>
/// The functions as a trigger calls them, with the text of a queue message as it lies in the queue. A call that returns has settled
/// its message, or put it back during an outage; one that throws has failed and said so in the log, and its message comes again.
/// </summary>
public sealed class DeliveryFunctions(
    StartRecording start, MoveSegment move, FinalizeRecording finalize, SweepRecordings sweep, MessageQueues queues,
        InvocationBorder border)
{
    public Task StartAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) => border.RunAsync(
        FunctionNames.StartRecording, message, ContractsJsonContext.Default.RecordingStarted, MessageCheck.Demand, started =>
            started.Traceparent, start.RunAsync,
        (started, fault) => border.PutBackAsync(FunctionNames.StartRecording, started.Attempt, started.Session.GetHashCode(), fault,
            delay => queues.SendAsync(started with { Attempt = started.Attempt + 1 }, delay, cancellation)),
        cancellation);

    public Task MoveAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) => border.RunAsync(
        FunctionNames.MoveSegment, message, ContractsJsonContext.Default.SegmentReady, MessageCheck.Demand, segment =>
            segment.Traceparent, move.RunAsync,
        (segment, fault) => border.PutBackAsync(FunctionNames.MoveSegment, segment.Attempt, segment.Key.GetHashCode(), fault,
            delay => queues.SendAsync(segment with { Attempt = segment.Attempt + 1 }, delay, cancellation)),
        cancellation);

    public Task FinalizeAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) => border.RunAsync(
        FunctionNames.FinalizeRecording, message, ContractsJsonContext.Default.RecordingStopped, MessageCheck.Demand, stopped =>
            stopped.Traceparent, finalize.RunAsync,
        (stopped, fault) => border.PutBackAsync(FunctionNames.FinalizeRecording, stopped.Outages, stopped.Session.GetHashCode(), fault,
            delay => queues.SendAsync(stopped with { Attempt = stopped.Attempt + 1, Outages = stopped.Outages + 1 }, delay, cancellation)),
        cancellation);

    public Task SweepAsync(CancellationToken cancellation) => border.RunAsync(FunctionNames.SweepRecordings, sweep.RunAsync, cancellation);
}

/// <summary>Reads messages, runs functions, and settles every outcome: done, put back, or failed and logged once.</summary>
public sealed class InvocationBorder(StorageSetup setup, Telemetry telemetry, ILogger<InvocationBorder> log)
{
    /// <summary>Runs a function of a queue.</summary>
    /// <param name="demand">Throws <see cref="MalformedMessageException"/> for a message that contradicts itself.</param>
    /// <param name="putBack">Sends the message again after an outage.</param>
    public async Task RunAsync<T>(
        string function, ReadOnlyMemory<byte> text, JsonTypeInfo<T> type, Action<T> demand, Func<T, string?> traceparent,
        Func<T, CancellationToken, Task> run, Func<T, Exception, Task> putBack, CancellationToken cancellation)
        where T : class
    {
        try
        {
            T message = MessageText.Read(text, type);
            demand(message);
            using Activity? activity = telemetry.Start(function, traceparent(message));
            await setup.EnsureAsync(cancellation);
            try
            {
                await run(message, cancellation);
            }
            catch (Exception fault) when (Outage.Is(fault))
            {
                activity?.SetStatus(ActivityStatusCode.Error, StorageFault.Describe(fault));
                await putBack(message, fault);
            }
        }
        catch (Exception fault)
        {
            Tell(function, fault);
            throw;
        }
    }

    /// <summary>Runs a function of a timer, or of a queue whose messages carry no trace.</summary>
    public Task RunAsync(string function, Func<CancellationToken, Task> run, CancellationToken cancellation) =>
        RunAsync<object?>(function, static () => null, static _ => null, (_, end) => run(end), cancellation);

    /// <summary>Runs a function of a queue; after an outage its message comes again by the queue's own count.</summary>
    /// <param name="read">The message. Throws <see cref="MalformedMessageException"/> for one that is not of our contract.</param>
    /// <param name="traceparent">Where its sender stopped.</param>
    public async Task RunAsync<T>(string function, Func<T> read, Func<T, string?> traceparent, Func<T, CancellationToken, Task> run,
        CancellationToken cancellation)
    {
        try
        {
            T message = read();
            using Activity? activity = telemetry.Start(function, traceparent(message));
            await setup.EnsureAsync(cancellation);
            await run(message, cancellation);
        }
        catch (Exception fault)
        {
            Tell(function, fault);
            throw;
        }
    }

    /// <summary>Sends a message again with a delay that grows with its attempts.</summary>
    public async Task PutBackAsync(string function, int attempt, int spread, Exception fault, Func<TimeSpan, Task> send)
    {
        TimeSpan delay = Outage.Delay(fault, attempt, spread);
        await send(delay);
        telemetry.Deferred(function);
        Log.Deferred(log, function, delay, attempt + 1, StorageFault.Describe(fault));
    }

    private void Tell(string function, Exception fault)
    {
        if (fault is MalformedMessageException) Log.MalformedMessage(log, function, StorageFault.Describe(fault));
        else if (fault is SegmentFaultException or RecordingApiException || StorageFault.IsTransient(fault))
            Log.InvocationFailed(log, function, StorageFault.Describe(fault), null);
        else if (fault is not OperationCanceledException) Log.InvocationFailed(log, function, StorageFault.Describe(fault), fault);
    }
}
