using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>What is done about the orphans of one recording.</summary>
public sealed class OrphanAdoption(TempContainer temp, LedgerTable ledger, MessageQueues queues, Reports reports, RefusedSegments refused,
    Telemetry telemetry, ILogger<OrphanAdoption> log)
{
    public async Task RunAsync(RecordingId recording, IReadOnlyList<(TempBlob Blob, SegmentKey Key)> blobs, CancellationToken cancellation)
    {
        LedgerContent content = await ledger.ReadAsync(recording, cancellation);
        SessionManifest? manifest = await temp.ReadManifestAsync(recording, cancellation);
        bool settled = content.Recording?.State is RecordingState.Finalized or RecordingState.Deleted;
        foreach ((TempBlob blob, SegmentKey key) in blobs)
        {
            SegmentState? state = content.Segments.GetValueOrDefault(key)?.State;
            // Collected and refused ones lie here on purpose; moved ones of a batch until the whole is confirmed.
            if (state is SegmentState.Collected or SegmentState.Refused
                || (state == SegmentState.Moved && !settled && content.Recording?.Flow == UploadFlow.Batch)) continue;
            if (state is null && await refused.TryDeleteAsync(manifest, blob, key, cancellation)) continue;
            if (!blob.TryReadMessage(out SegmentReady message) || message.Key != key || message.BlobName != blob.Name)
            {
                await reports.WriteAsync(recording, blob.Name, "orphan: its metadata holds no message of its own", cancellation);
                Log.StrangeBlob(log, blob.Name);
                continue;
            }
            await queues.SendAsync(message, TimeSpan.Zero, cancellation);
            telemetry.Adopted();
            Log.SegmentAdopted(log, key);
        }
    }
}
