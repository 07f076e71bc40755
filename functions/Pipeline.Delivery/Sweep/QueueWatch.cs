using Pipeline.Contracts;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>How deep the queues are, and whether segments wait in theirs although they should be moved within seconds.</summary>
public sealed class QueueWatch(MessageQueues queues, Telemetry telemetry, TimeProvider time, ILogger<QueueWatch> log)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (string queue in StorageSetup.Queues)
        {
            if (await queues.CountAsync(queue, cancellation) is not { } count) continue;
            telemetry.QueueDepth(queue, count);
            // A stop message waits for its segments on purpose; a segment's message does not wait for anything.
            if (queue != StorageNames.SegmentReadyQueue || count == 0) continue;
            if (await queues.FirstSinceAsync(queue, cancellation) is not { } since) continue;
            TimeSpan waited = time.GetUtcNow() - since;
            if (waited > SegmentOutcome.Patience) Log.QueueWaits(log, queue, waited.TotalMinutes, count);
        }
    }
}
