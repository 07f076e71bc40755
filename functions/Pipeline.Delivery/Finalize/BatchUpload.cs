using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>Brings the segments of <see cref="BatchFlow"/> from the temp container to the places that the service gave.</summary>
public sealed class BatchUpload(
    LedgerTable ledger, TempContainer temp, SegmentDelivery delivery, BatchPlaces places, Reports reports, ILogger<BatchUpload> log)
{
    private const int Width = 8;

    /// <summary>Names of the recording's temp blobs.</summary>
    internal async Task<HashSet<string>> ListTempAsync(RecordingId id, CancellationToken cancellation)
    {
        HashSet<string> names = [];
        await foreach (TempBlob blob in temp.ListAsync($"{id}/", cancellation)) names.Add(blob.Name);
        return names;
    }

    /// <summary>Those that have been moved or can be; the others are reported as gone.</summary>
    internal async Task<IReadOnlyList<LedgerSegment>> StillThereAsync(IReadOnlyList<LedgerSegment> segments, HashSet<string> inTemp,
        CancellationToken cancellation)
    {
        List<LedgerSegment> there = [];
        foreach (LedgerSegment segment in segments)
        {
            if (segment.State == SegmentState.Moved || inTemp.Contains(segment.BlobName))
            {
                there.Add(segment);
                continue;
            }
            await ledger.PutFaultAsync(segment.Key, "vanished", cancellation);
            await reports.WriteAsync(segment.Key.Recording, segment.Key.ToString(),
                "vanished: its temp blob was collected and is not there any more", cancellation);
        }
        return there;
    }

    /// <summary>A file that is refused stops no other: what is on its way arrives, and what the service takes is not sent again.</summary>
    /// <exception cref="RecordingApiException">The service does not take one of them now.</exception>
    /// <exception cref="SegmentFaultException">One of them is gone or is not what its row says.</exception>
    internal async Task<LedgerSegment[]> DeliverAllAsync(RecordingId id, IReadOnlyList<LedgerSegment> segments, Dictionary<int, Uri> urls,
        Func<LedgerSegment, bool> isDone, CancellationToken cancellation)
    {
        ConcurrentDictionary<int, LedgerSegment> moved = [];
        ConcurrentQueue<Exception> faults = [];
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(Enumerable.Range(0, segments.Count), width, async (index, stop) =>
        {
            // A service that refuses so many is left in peace.
            if (faults.Count >= Width) return;
            try
            {
                moved[index] = isDone(segments[index]) ? segments[index] : await DeliverAsync(segments[index], urls[index], stop);
            }
            catch (Exception fault) when (fault is RecordingApiException or SegmentFaultException || StorageFault.IsTransient(fault))
            {
                faults.Enqueue(fault);
            }
        });
        if (faults.IsEmpty) return [.. Enumerable.Range(0, segments.Count).Select(index => moved[index])];
        if (!faults.All(BatchPlaces.IsStillGood)) places.Forget(id);
        // The one that asks to wait longest; the rest come along with it.
        Exception first = faults.OrderByDescending(fault => (fault as RecordingApiException)?.RetryAfter ?? TimeSpan.Zero).First();
        ExceptionDispatchInfo.Throw(first);
        throw first;
    }

    private async Task<LedgerSegment> DeliverAsync(LedgerSegment segment, Uri uploadUrl, CancellationToken cancellation)
    {
        TempBlob blob = await temp.FindAsync(segment.BlobName, cancellation)
            ?? throw new SegmentFaultException(segment.Key, "vanished", "its temp blob is not there");
        if (blob.Length != segment.FileSize || (blob.ContentMd5 is { } md5 && md5 != segment.ContentMd5))
            throw new SegmentFaultException(segment.Key, "altered", "its temp blob has changed since it was collected");
        Uri address = await delivery.DeliverAsync(segment, blob, uploadUrl, cancellation);
        LedgerSegment moved = segment with { State = SegmentState.Moved, BlobUrl = address.AbsoluteUri };
        await ledger.PutSegmentAsync(moved, cancellation);
        Log.SegmentMoved(log, segment.Key, segment.FileSize, 0);
        return moved;
    }

    /// <summary>The service has confirmed all of them.</summary>
    internal async Task DeleteTempAsync(IReadOnlyList<LedgerSegment> moved, CancellationToken cancellation)
    {
        foreach (LedgerSegment segment in moved)
        {
            if (await temp.FindAsync(segment.BlobName, cancellation) is { } blob && blob.Length == segment.FileSize)
                await temp.DeleteAsync(blob, cancellation);
        }
    }
}
