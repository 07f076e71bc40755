using Pipeline.Contracts;
using Pipeline.Functions.Api.Wire;
using Pipeline.Functions.Storage;

namespace Pipeline.Functions.Api;

/// <summary>Says whether the storage answers, what waits in the queues, and what waits for a person.</summary>
public sealed class HealthOperations(StorageClients clients, StorageSetup setup, MessageQueues queues, Reports reports)
{
    public async Task<IResult> GetAsync(HttpContext context)
    {
        CancellationToken cancellation = context.RequestAborted;
        List<string> faults = [];
        await TryAsync(faults, () => setup.EnsureAsync(cancellation).AsTask());
        bool blobs = await TryAsync(faults, () => clients.Temp.ExistsAsync(cancellation));
        Dictionary<string, int> counts = [], poison = [];
        bool queuesAnswer = await TryAsync(faults, () => CountAsync(counts, poison, cancellation));
        (int givenUp, int recordings) = (0, 0);
        bool tables = await TryAsync(faults, async () => (givenUp, recordings) = await reports.CountAsync(cancellation));
        bool up = blobs && queuesAnswer && tables;
        HealthReport report = new()
        {
            Status = !up ? "unhealthy" : givenUp > 0 || poison.Values.Any(count => count > 0) ? "degraded" : "healthy",
            Storage = new StorageHealth(blobs, queuesAnswer, tables, faults.FirstOrDefault()),
            Queues = counts,
            Poison = poison,
            GivenUpMessages = givenUp,
            RecordingReports = recordings,
        };
        return Results.Json(report, WireJsonContext.Default.HealthReport, statusCode: up ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private async Task CountAsync(Dictionary<string, int> counts, Dictionary<string, int> poison, CancellationToken cancellation)
    {
        foreach (string queue in StorageSetup.Queues)
        {
            counts[queue] = await queues.CountAsync(queue, cancellation) ?? 0;
            poison[queue + StorageNames.PoisonSuffix] = await queues.CountAsync(queue + StorageNames.PoisonSuffix, cancellation) ?? 0;
        }
    }

    private static async Task<bool> TryAsync(List<string> faults, Func<Task> look)
    {
        try
        {
            await look();
            return true;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The first line of an SDK fault names the service and the status, without address or signature.
            faults.Add(fault.Message.Split('\n')[0].Trim());
            return false;
        }
    }
}
