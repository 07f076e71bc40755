using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Segments;

/// <summary>What becomes of a segment's ledger row and temp blob once it is known where its bytes belong.</summary>
/// <remarks>Every step may be repeated: the row is written first, and the blob goes last, under the version that was compared.</remarks>
public sealed class SegmentOutcome(
    LedgerTable ledger, TempContainer temp, LateSegments late, Reports reports, Telemetry telemetry, TimeProvider time,
    ILogger<SegmentOutcome> log)
{
    /// <summary>A segment that is not moved by then is worth somebody's attention.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Moved, collected or refused before, by an earlier try or another worker: only the last steps may be left to do.</summary>
    /// <exception cref="SegmentFaultException">Other bytes were moved under its name.</exception>
    internal async Task ConcludeAsync(SegmentReady message, LedgerSegment row, TempBlob? blob, CancellationToken cancellation)
    {
        if (row.ContentMd5 != message.ContentMd5)
            throw new SegmentFaultException(message.Key, "conflict", "other bytes were moved under its name");
        if (row.State == SegmentState.Refused) return;
        LedgerRecording? recording = await late.AnnounceAsync(message, row.State, cancellation);
        if (row.State != SegmentState.Moved || blob is null) return;
        // The batch flow may have to send the bytes once more until the service has confirmed the whole.
        if (recording is { Flow: UploadFlow.Batch, State: not RecordingState.Finalized }) return;
        if (blob.Length == row.FileSize && (blob.ContentMd5 is null || blob.ContentMd5 == row.ContentMd5))
            await temp.DeleteAsync(blob, cancellation);
    }

    /// <summary>Its bytes are in their last place.</summary>
    /// <exception cref="SegmentFaultException">Other bytes were moved under its name.</exception>
    internal async Task MovedAsync(SegmentReady message, LedgerSegment moved, TempBlob blob, CancellationToken cancellation)
    {
        await RecordAsync(message, moved, cancellation);
        await late.AnnounceAsync(message, SegmentState.Moved, cancellation);
        await temp.DeleteAsync(blob, cancellation);
        TimeSpan latency = time.GetUtcNow() - message.ClosedAt;
        telemetry.Moved(message.FileSize, latency);
        Log.SegmentMoved(log, message.Key, message.FileSize, latency.TotalMilliseconds);
        if (latency > Patience) Log.SegmentWaited(log, message.Key, latency.TotalMinutes);
    }

    /// <summary>The service takes nothing more: its bytes stay in the temp container, and the report says so.</summary>
    internal async Task RefusedAsync(SegmentReady message, LedgerSegment segment, CancellationToken cancellation)
    {
        await ledger.PutSegmentAsync(segment with { State = SegmentState.Refused }, cancellation);
        await reports.WriteAsync(message.Session.RecordingId, message.Key.ToString(),
            "refused: the service says that the recording is finished; the bytes stay in the temp container", cancellation);
        Log.SegmentRefused(log, message.Key);
    }

    /// <summary>Its bytes wait in the temp container until the recording is complete (<see cref="UploadFlow.Batch"/>).</summary>
    internal async Task CollectedAsync(SegmentReady message, CancellationToken cancellation)
    {
        await RecordAsync(message, LedgerSegment.From(message, SegmentState.Collected, blobUrl: null), cancellation);
        await late.AnnounceAsync(message, SegmentState.Collected, cancellation);
        Log.SegmentCollected(log, message.Key);
    }

    /// <summary>Nobody may keep it: its recording or its speaker is erased.</summary>
    internal async Task DropAsync(SegmentReady message, TempBlob blob, CancellationToken cancellation)
    {
        await temp.DeleteAsync(blob, cancellation);
        Log.SegmentDropped(log, message.Key);
    }

    private async Task RecordAsync(SegmentReady message, LedgerSegment segment, CancellationToken cancellation)
    {
        LedgerSegment stored = await ledger.AddSegmentAsync(segment, cancellation);
        if (stored.ContentMd5 != message.ContentMd5)
            throw new SegmentFaultException(message.Key, "conflict", "other bytes were moved under its name");
        if (stored.State == SegmentState.Sending) await ledger.PutSegmentAsync(segment, cancellation);
    }
}
