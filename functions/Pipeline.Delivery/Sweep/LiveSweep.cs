using System.Net;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Sees to it that no recording of the pipeline stays live for more than a day whose bot is not at it any more: without a manifest only
/// this ends it.
/// </summary>
public sealed class LiveSweep(LedgerTable ledger, TempContainer temp, MessageQueues queues, DeliveryOptions options, TimeProvider time,
    ILogger<LiveSweep> log)
{
    private readonly SweepMemory memory = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<RecordingId> overdue = [];
        await foreach ((RecordingId recording, DateTimeOffset startedAt) in ledger.ListLiveAsync(cancellation))
        {
            if (now - startedAt >= options.LiveLimit && memory.IsDue(recording.ToString(), "", now, options.FinalizeDeadline))
                overdue.Add(recording);
        }
        foreach (RecordingId recording in overdue) await EndAsync(recording, now, cancellation);
        memory.Forget(now);
    }

    private async Task EndAsync(RecordingId recording, DateTimeOffset now, CancellationToken cancellation)
    {
        if (await IsRunningAsync(recording, now, cancellation)) return;
        memory.Note(recording.ToString(), "", now);
        if (await ledger.FindRecordingAsync(recording, cancellation) is not { State: not RecordingState.Finalized } row)
        {
            await ledger.UnlistAsync(recording, cancellation);
            return;
        }
        SessionManifest? manifest = await temp.ReadManifestAsync(recording, cancellation)
            ?? await ledger.FindManifestAsync(recording, cancellation);
        long lastSample = 0;
        await foreach (LedgerSegment segment in ledger.SegmentsAsync(recording, cancellation))
            lastSample = Math.Max(lastSample, segment.StartSample + segment.SampleCount);
        RecordingStopped stop = new()
        {
            Session = row.Session,
            EndedAt = manifest?.EndedAt ?? manifest?.UpdatedAt ?? row.Session.StartedAt + SampleClock.ToTime(lastSample),
            EndReason = manifest?.EndReason ?? EndReason.Interrupted,
            SampleCount = Math.Max(manifest?.SampleCount ?? 0, lastSample),
        };
        await queues.SendAsync(stop, TimeSpan.Zero, cancellation);
        Log.RecordingOverdue(log, recording);
    }

    // A bot that may record for a week holds its manifest, or has just refreshed it.
    private async Task<bool> IsRunningAsync(RecordingId recording, DateTimeOffset now, CancellationToken cancellation) =>
        await temp.FindAsync(BlobPaths.Manifest(recording), cancellation) is { } blob
            && (blob.IsLeased || now - blob.LastModified < options.AbandonAfter)
            && await temp.ReadManifestAsync(recording, cancellation) is { State: ManifestState.Recording };
}
