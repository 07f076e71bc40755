using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Adopts segments whose message was lost: a temp blob without ledger row that is older than five minutes gets its message sent
/// again from its own metadata. Segments that were moved and not deleted are sent through once more too. Those of people who do not want to
/// be recorded are deleted instead.
/// </summary>
public sealed class OrphanSweep(TempContainer temp, MessageQueues queues, OrphanAdoption adoption, DeliveryOptions options,
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
        {
            foreach ((TempBlob blob, SegmentKey _) in blobs) memory.Note(blob.Name, blob.Etag, now);
            await adoption.RunAsync(recording, blobs, cancellation);
        }
        memory.Forget(now);
    }
}
