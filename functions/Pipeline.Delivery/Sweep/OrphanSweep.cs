using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Adopts segments whose message was lost: a temp blob without ledger row that is older than five minutes gets its message sent
/// again from its own metadata. Segments that were moved and not deleted are sent through once more too.
/// </summary>
public sealed class OrphanSweep(
    TempContainer temp, LedgerTable ledger, MessageQueues queues, Reports reports, DeliveryOptions options, Telemetry telemetry,
        TimeProvider time, ILogger<OrphanSweep> log)
{
    // The queue is kept shallow; what is left over comes with the next sweep.
    private const int MostPerSweep = 500;

    // As long as so many wait, an old blob's message is most likely among them.
    private const int BusyQueue = 100;

    private readonly SweepMemory memory = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool busy = await queues.CountAsync(StorageNames.SegmentReadyQueue, cancellation) > BusyQueue;
        Dictionary<RecordingId, List<(TempBlob Blob, SegmentKey Key)>> old = [];
        int found = 0;
        await foreach (TempBlob blob in temp.ListAsync(null, cancellation))
        {
            if (found == MostPerSweep) break;
            // With a backlog in the queue a blob has to wait for an hour instead of five minutes.
            if (now - blob.LastModified < (busy ? options.AdoptAfter * 12 : options.AdoptAfter)
                || BlobPaths.TryParseManifest(blob.Name, out _) || BlobPaths.IsShard(blob.Name)) continue;
            if (!memory.IsDue(blob.Name, blob.Etag, now, options.AdoptAfter)) continue;
            if (!BlobPaths.TryParseSegment(blob.Name, out SegmentKey key))
            {
                Log.StrangeBlob(log, blob.Name);
                memory.Note(blob.Name, blob.Etag, now);
                continue;
            }
            found++;
            if (!old.TryGetValue(key.Recording, out List<(TempBlob, SegmentKey)>? list)) old[key.Recording] = list = [];
            list.Add((blob, key));
        }
        foreach ((RecordingId recording, List<(TempBlob Blob, SegmentKey Key)> blobs) in old)
            await AdoptAsync(recording, blobs, now, cancellation);
        memory.Forget(now);
    }

    private async Task AdoptAsync(RecordingId recording, List<(TempBlob Blob, SegmentKey Key)> blobs, DateTimeOffset now,
        CancellationToken cancellation)
    {
        LedgerContent content = await ledger.ReadAsync(recording, cancellation);
        bool settled = content.Recording?.State is RecordingState.Finalized or RecordingState.Deleted;
        foreach ((TempBlob blob, SegmentKey key) in blobs)
        {
            memory.Note(blob.Name, blob.Etag, now);
            SegmentState? state = content.Segments.GetValueOrDefault(key)?.State;
            // Collected and refused ones lie here on purpose; moved ones of a batch until the whole is confirmed.
            if (state is SegmentState.Collected or SegmentState.Refused
                || (state == SegmentState.Moved && !settled && content.Recording?.Flow == UploadFlow.Batch)) continue;
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
