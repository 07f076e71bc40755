using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Drives poison messages back into their queues, with longer and longer pauses; after the last chance the text goes into the
/// reports table, so that nothing is lost and nothing circles for ever.
/// </summary>
public sealed class PoisonSweep(MessageQueues queues, Reports reports, DeliveryOptions options, Telemetry telemetry, TimeProvider time,
    ILogger<PoisonSweep> log)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (string queue in StorageSetup.Queues)
        {
            foreach (PoisonMessage message in await queues.ReceivePoisonAsync(queue, cancellation)) await RunAsync(message, cancellation);
        }
    }

    private async Task RunAsync(PoisonMessage message, CancellationToken cancellation)
    {
        PoisonHistory history = await reports.HistoryAsync(message, cancellation);
        if (history.LastSeen is { } last && time.GetUtcNow() - last < Pause(history.Redrives)) return;
        bool givenUp = history.Redrives >= options.PoisonRedrives;
        int redrives = givenUp ? history.Redrives : history.Redrives + 1;
        await reports.WriteAsync(message, redrives, givenUp, cancellation);
        if (!givenUp) await queues.SendAsync(message.Queue, message.Text, TimeSpan.Zero, cancellation);
        await queues.DeletePoisonAsync(message, cancellation);
        telemetry.Poison(message.Queue, givenUp);
        if (givenUp) Log.PoisonGivenUp(log, message.Queue, redrives);
        else Log.PoisonRedriven(log, message.Queue, redrives);
    }

    // 0, 1, 2, 4, … minutes since the last chance: a fault that passes by itself has time to do so.
    private static TimeSpan Pause(int redrives) => redrives == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(1 << Math.Min(redrives - 1, 10));
}
