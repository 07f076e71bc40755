using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Drives poison messages back into their queues, with longer and longer pauses; after the last chance the text goes into the
/// reports table, so that nothing is lost and nothing circles for ever. Copies of a message, which a bot sends that starts many times,
/// ask for the same work: they go back as one, and do not count as one that failed so often.
/// </summary>
public sealed class PoisonSweep(MessageQueues queues, Reports reports, DeliveryOptions options, Telemetry telemetry, TimeProvider time,
    ILogger<PoisonSweep> log)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (string queue in StorageSetup.Queues)
        {
            IReadOnlyList<PoisonMessage> received = await queues.ReceivePoisonAsync(queue, cancellation);
            foreach (IGrouping<string, PoisonMessage> copies in received.GroupBy(message => message.Text, StringComparer.Ordinal))
                await RunAsync([.. copies], cancellation);
        }
    }

    private async Task RunAsync(PoisonMessage[] copies, CancellationToken cancellation)
    {
        PoisonMessage message = copies[0];
        PoisonHistory history = await reports.HistoryAsync(message, cancellation);
        if (history.LastSeen is { } last && time.GetUtcNow() - last < Pause(history.Redrives)) return;
        bool givenUp = history.Redrives >= options.PoisonRedrives;
        int redrives = givenUp ? history.Redrives : history.Redrives + 1;
        await reports.WriteAsync(message, redrives, givenUp, cancellation);
        if (!givenUp) await queues.SendAsync(message.Queue, message.Text, TimeSpan.Zero, cancellation);
        foreach (PoisonMessage copy in copies) await queues.DeletePoisonAsync(copy, cancellation);
        telemetry.Poison(message.Queue, givenUp);
        if (givenUp) Log.PoisonGivenUp(log, message.Queue, redrives);
        else Log.PoisonRedriven(log, message.Queue, redrives);
    }

    // 0, 1, 2, 4, … minutes since the last chance: a fault that passes by itself has time to do so.
    private static TimeSpan Pause(int redrives) => redrives == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(1 << Math.Min(redrives - 1, 10));
}
