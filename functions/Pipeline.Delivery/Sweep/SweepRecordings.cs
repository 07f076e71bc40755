namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Once a minute: gives every segment, manifest and message another chance that was left behind by a crash, and tells of what
/// has had enough of them. Two sweeps at once do no harm.
/// </summary>
public sealed class SweepRecordings(QueueWatch queues, OrphanSweep orphans, ManifestSweep manifests, LiveSweep live, PoisonSweep poison,
    IEnumerable<FurtherSweep> further)
{
    /// <exception cref="AggregateException">Some parts could not be swept; the others were.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        List<Exception> faults = [];
        // Poison first: what it drives back is no orphan any more. One part's fault must not keep the others from being swept.
        foreach (Func<CancellationToken,
            Task> sweep in (Func<CancellationToken, Task>[])[queues.RunAsync, poison.RunAsync, manifests.RunAsync, orphans.RunAsync,
            live.RunAsync, .. further.Select(part => part.RunAsync)])
        {
            try
            {
                await sweep(cancellation);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                faults.Add(fault);
            }
        }
        if (faults.Count > 0) throw new AggregateException(faults);
    }
}

/// <summary>What the executable has swept with the rest, because it is not the delivery's own.</summary>
public sealed record FurtherSweep(Func<CancellationToken, Task> RunAsync);
