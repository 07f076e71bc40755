using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// Brings a finalizer back when a segment's row came after its recording was finalized. The row is written first and the
/// recording's state read second; the finalizer writes the state first and reads the rows second: one of both sees the other.
/// </summary>
public sealed class LateSegments(LedgerTable ledger, MessageQueues queues, IEnumerable<AfterMove> further, ILogger<LateSegments> log)
{
    // Late segments come in flocks: one finalize for all of them.
    private static readonly TimeSpan FlockDelay = TimeSpan.FromSeconds(3);

    /// <summary>Call it after the segment's row is written. Costs one read where the recording is still live.</summary>
    /// <returns>The recording's row; null where there is none.</returns>
    public async Task<LedgerRecording?> AnnounceAsync(SegmentReady segment, SegmentState state, CancellationToken cancellation)
    {
        if (state == SegmentState.Moved)
        {
            foreach (AfterMove part in further) await part.RunAsync(segment, cancellation);
        }
        RecordingId recording = segment.Session.RecordingId;
        LedgerRecording? row = await ledger.FindRecordingAsync(recording, cancellation);
        if (row is not { State: RecordingState.Finalized }) return row;
        int present = 0;
        await foreach (LedgerSegment moved in ledger.SegmentsAsync(recording, cancellation))
            if (moved.State is SegmentState.Moved or SegmentState.Collected) present++;
        if (present <= row.FinalizedCount) return row;
        SessionManifest? manifest = await ledger.FindManifestAsync(recording, cancellation);
        RecordingStopped again = new()
        {
            Session = row.Session,
            EndedAt = manifest?.EndedAt ?? row.FinalizedAt ?? row.CreatedAt,
            EndReason = manifest?.EndReason ?? EndReason.Interrupted,
            SampleCount = manifest?.SampleCount ?? 0,
        };
        // Sent first: a crash in between costs a second finalize, never a segment.
        await queues.SendAsync(again, FlockDelay, cancellation);
        await ledger.RelistAsync(row, cancellation);
        Log.RecordingAmended(log, recording);
        return await ledger.UpdateRecordingAsync(recording, current =>
            current.State == RecordingState.Finalized ? current with { State = RecordingState.Amending } : null, cancellation);
    }
}

/// <summary>
/// What the executable has done when a segment lies in its final place and its row is written; before its message is settled, so that a
/// process that ends in between does it again.
/// </summary>
public sealed record AfterMove(Func<SegmentReady, CancellationToken, Task> RunAsync);
