using System.Collections.Concurrent;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi;

/// <summary>Says whether the storage answers, what waits in the queues, and what waits for a person.</summary>
public sealed class HealthOperations(StorageClients clients, StorageSetup setup, MessageQueues queues, Reports reports, ApiOptions options,
    TimeProvider time)
{
    // Who asks waits for seconds, and the clients' own retries take half a minute each.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Tokens and signatures of the storage bear five minutes; beyond this somebody should look at the clock.
    private static readonly TimeSpan LargestSkew = TimeSpan.FromMinutes(2);

    public async Task<IResult> GetAsync(HttpContext context)
    {
        ConcurrentQueue<string> faults = [];
        Dictionary<string, int> counts = [], poison = [];
        (int givenUp, int recordings) = (0, 0);
        await TryAsync(faults, limit => setup.EnsureAsync(limit).AsTask(), context.RequestAborted);
        bool[] answers = await Task.WhenAll(
            TryAsync(faults, limit => clients.Temp.ExistsAsync(limit), context.RequestAborted),
            TryAsync(faults, limit => CountAsync(counts, poison, limit), context.RequestAborted),
            TryAsync(faults, async limit => (givenUp, recordings) = await reports.CountAsync(limit), context.RequestAborted));
        (bool blobs, bool queuesAnswer, bool tables) = (answers[0], answers[1], answers[2]);
        bool up = blobs && queuesAnswer && tables;
        HealthReport report = new()
        {
            Status = !up ? "unhealthy"
                : givenUp > 0 || poison.Values.Any(count => count > 0) || clients.Clock.Offset.Duration() > LargestSkew ? "degraded"
                : "healthy",
            Storage = new StorageHealth(blobs, queuesAnswer, tables, faults.FirstOrDefault()),
            Queues = counts,
            Poison = poison,
            GivenUpMessages = givenUp,
            StorageClockAheadSeconds = (long)clients.Clock.Offset.TotalSeconds,
            RecordingReports = recordings,
            PublicBaseUrl = options.PublicBaseUrl,
        };
        return Results.Json(report, WireJsonContext.Default.HealthReport,
            statusCode: up ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private async Task CountAsync(Dictionary<string, int> counts, Dictionary<string, int> poison, CancellationToken cancellation)
    {
        foreach (string queue in StorageSetup.Queues)
        {
            counts[queue] = await queues.CountAsync(queue, cancellation) ?? 0;
            poison[queue + StorageNames.PoisonSuffix] = await queues.CountAsync(queue + StorageNames.PoisonSuffix, cancellation) ?? 0;
        }
    }

    private async Task<bool> TryAsync(ConcurrentQueue<string> faults, Func<CancellationToken, Task> look, CancellationToken gone)
    {
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, gone);
        try
        {
            await look(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            faults.Enqueue("no answer in time");
            return false;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            faults.Enqueue(StorageFault.Describe(fault));
            return false;
        }
    }
}
