using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;
using Pipeline.Functions.Api;
using Pipeline.Functions.Api.Wire;
using Pipeline.Functions.Pipeline;
using Pipeline.Functions.Storage;

namespace Pipeline.Functions.Hosting;

/// <summary>
/// The doors that the Functions host (or <see cref="LocalTriggers"/>) knocks at: <c>POST /{FunctionName}</c>. The answer is always
/// a JSON object: 200 when the message is done or was put back during an outage, 500 when it failed and may be tried again.
/// </summary>
public static class TriggerEndpoints
{
    private const string Binding = "item";

    public static void MapTriggers(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/StartRecording", static (HttpContext context, TriggerDoor door, StartRecording function) => door.EnterAsync(
            context, "StartRecording", Binding, ContractsJsonContext.Default.RecordingStarted, MessageCheck.Demand, message => message.Traceparent, function.RunAsync,
            (queues, message, fault, cancellation) => door.PutBackAsync("StartRecording", message.Attempt, message.Session.GetHashCode(), fault,
                delay => queues.SendAsync(message with { Attempt = message.Attempt + 1 }, delay, cancellation)))).ExcludeFromDescription();
        routes.MapPost("/MoveSegment", static (HttpContext context, TriggerDoor door, MoveSegment function) => door.EnterAsync(
            context, "MoveSegment", Binding, ContractsJsonContext.Default.SegmentReady, MessageCheck.Demand, message => message.Traceparent, function.RunAsync,
            (queues, message, fault, cancellation) => door.PutBackAsync("MoveSegment", message.Attempt, message.Key.GetHashCode(), fault,
                delay => queues.SendAsync(message with { Attempt = message.Attempt + 1 }, delay, cancellation)))).ExcludeFromDescription();
        routes.MapPost("/FinalizeRecording", static (HttpContext context, TriggerDoor door, FinalizeRecording function) => door.EnterAsync(
            context, "FinalizeRecording", Binding, ContractsJsonContext.Default.RecordingStopped, MessageCheck.Demand, message => message.Traceparent, function.RunAsync,
            (queues, message, fault, cancellation) => door.PutBackAsync("FinalizeRecording", message.Outages, message.Session.GetHashCode(), fault,
                delay => queues.SendAsync(message with { Attempt = message.Attempt + 1, Outages = message.Outages + 1 }, delay, cancellation)))).ExcludeFromDescription();
        routes.MapPost("/SweepRecordings", static (HttpContext context, TriggerDoor door, SweepRecordings function) =>
            door.EnterAsync(context, "SweepRecordings", function.RunAsync)).ExcludeFromDescription();
    }
}

/// <summary>Reads envelopes, runs functions, and turns every outcome into the one answer that the host understands.</summary>
public sealed class TriggerDoor(MessageQueues queues, StorageSetup setup, Telemetry telemetry, ILogger<TriggerDoor> log)
{
    // A message holds 64 KiB; written twice over and with its metadata it stays well below this.
    private const int LongestEnvelope = 1024 * 1024;

    /// <summary>Runs a function of a queue.</summary>
    /// <param name="demand">Throws <see cref="MalformedMessageException"/> for a message that contradicts itself.</param>
    /// <param name="putBack">Sends the message again after an outage.</param>
    public async Task<IResult> EnterAsync<T>(
        HttpContext context, string function, string binding, JsonTypeInfo<T> type, Action<T> demand, Func<T, string?> traceparent,
        Func<T, CancellationToken, Task> run, Func<MessageQueues, T, Exception, CancellationToken, Task> putBack)
        where T : class
    {
        CancellationToken cancellation = context.RequestAborted;
        try
        {
            T message = await ReadAsync(context, binding, type);
            demand(message);
            using Activity? activity = telemetry.Start(function, traceparent(message));
            await setup.EnsureAsync(cancellation);
            try
            {
                await run(message, cancellation);
            }
            catch (Exception fault) when (Outage.Is(fault))
            {
                activity?.SetStatus(ActivityStatusCode.Error, fault.Message);
                await putBack(queues, message, fault, cancellation);
            }
            return Done();
        }
        catch (Exception fault)
        {
            return Failed(function, fault);
        }
    }

    /// <summary>Runs a function of a timer.</summary>
    public async Task<IResult> EnterAsync(HttpContext context, string function, Func<CancellationToken, Task> run)
    {
        try
        {
            using Activity? activity = telemetry.Start(function, null);
            await setup.EnsureAsync(context.RequestAborted);
            await run(context.RequestAborted);
            return Done();
        }
        catch (Exception fault)
        {
            return Failed(function, fault);
        }
    }

    /// <summary>Sends a message again with a delay that grows with its attempts.</summary>
    public async Task PutBackAsync(string function, int attempt, int spread, Exception fault, Func<TimeSpan, Task> send)
    {
        TimeSpan delay = Outage.Delay(fault, attempt, spread);
        await send(delay);
        telemetry.Deferred(function);
        Log.Deferred(log, function, delay, attempt + 1, FirstLine(fault));
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, string binding, JsonTypeInfo<T> type)
        where T : class
    {
        BodyLimit.Set(context, LongestEnvelope);
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return JsonSerializer.Deserialize(TriggerEnvelope.ReadMessage(body.RootElement, binding), type) ?? throw new MalformedMessageException("the message is null");
        }
        // The latter where a text is no Unicode: a lone surrogate, bytes that are no UTF-8.
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            throw new MalformedMessageException(FirstLine(unreadable), unreadable);
        }
    }

    private IResult Failed(string function, Exception fault)
    {
        if (fault is MalformedMessageException) Log.MalformedMessage(log, function, FirstLine(fault));
        else if (fault is SegmentFaultException or RecordingApiException || StorageFault.IsTransient(fault)) Log.InvocationFailed(log, function, FirstLine(fault), null);
        else if (fault is not OperationCanceledException) Log.InvocationFailed(log, function, FirstLine(fault), fault);
        return Problems.Of(StatusCodes.Status500InternalServerError, "The function failed", FirstLine(fault));
    }

    private static IResult Done() => Results.Json(new TriggerAnswer(), WireJsonContext.Default.TriggerAnswer);

    private static string FirstLine(Exception fault) => fault.Message.Split('\n')[0].Trim();
}
