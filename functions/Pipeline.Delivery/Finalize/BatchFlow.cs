using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// The older flow for services without init-live: init with all segments, one PUT each, complete. The temp blobs stay until
/// the service has confirmed the whole, so that any step may be repeated from the start.
/// </summary>
public sealed class BatchFlow(LedgerTable ledger, TempContainer temp, RecordingApiClient api, SegmentDelivery delivery, BatchPlaces places,
    Reports reports, TimeProvider time, ILogger<BatchFlow> log)
{
    private const int Width = 8;

    /// <returns>The recording's row with the id that the service gave it.</returns>
    public async Task<LedgerRecording> RunAsync(LedgerRecording recording, FinalizeRequest end, IReadOnlyList<LedgerSegment> segments,
        CancellationToken cancellation)
    {
        HashSet<string> inTemp = [];
        await foreach (TempBlob blob in temp.ListAsync($"{recording.Session.RecordingId}/", cancellation)) inTemp.Add(blob.Name);
        segments = await StillThereAsync(segments, inTemp, cancellation);
        RecordingId id = recording.Session.RecordingId;
        long askedAt = time.GetTimestamp();
        BatchInitResponse? known = places.Find(id, segments);
        BatchInitResponse? init =
            known ?? await api.BatchInitAsync(WireMapping.BatchInit(recording.Session, end, segments), cancellation);
        if (init is null) return await RefusedAsync(recording, cancellation);
        if (string.IsNullOrEmpty(init.RecordingId))
            throw new RecordingApiException("init answered no recordingId", isTransient: false, null, null);
        if (known is null) places.Keep(id, segments, init, askedAt);
        bool sameAsBefore = init.RecordingId == recording.ApiRecordingId;
        LedgerRecording row = await ledger.UpdateRecordingAsync(id, stored =>
            stored with { ApiRecordingId = init.RecordingId }, cancellation) ?? recording;

        // A service that gave the recording another id wants the bytes once more, where we still have them.
        bool IsDone(LedgerSegment segment) =>
            segment is { State: SegmentState.Moved, BlobUrl: not null } && (sameAsBefore || !inTemp.Contains(segment.BlobName));
        LedgerSegment[] moved = await DeliverAllAsync(id, segments, UrlsOf(init, segments.Count), IsDone, cancellation);
        CompleteRequest complete = new() { Files = [.. moved.Select((segment, index) => WireMapping.Completed(index, segment))] };
        if (!await api.CompleteAsync(init.RecordingId, complete, cancellation)) return await RefusedAsync(row, cancellation);
        foreach (LedgerSegment segment in moved)
        {
            if (await temp.FindAsync(segment.BlobName, cancellation) is { } blob && blob.Length == segment.FileSize)
                await temp.DeleteAsync(blob, cancellation);
        }
        places.Forget(id);
        return row;
    }

    private async Task<IReadOnlyList<LedgerSegment>> StillThereAsync(IReadOnlyList<LedgerSegment> segments, HashSet<string> inTemp,
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

    private static Dictionary<int, Uri> UrlsOf(BatchInitResponse init, int count)
    {
        Dictionary<int, Uri> urls = [];
        foreach (BatchUploadUrl place in init.UploadUrls ?? [])
        {
            if (place.FileIndex is { } index && Uri.TryCreate(place.UploadUrl, UriKind.Absolute, out Uri? url)
                && url.Scheme is "http" or "https") urls[index] = url;
        }
        return Enumerable.Range(0, count).All(urls.ContainsKey)
            ? urls
            : throw new RecordingApiException($"init answered {urls.Count} upload URLs for {count} segments", isTransient: false, null,
            null);
    }

    // A file that is refused stops no other: what is on its way arrives, and what the service takes is not sent again.
    private async Task<LedgerSegment[]> DeliverAllAsync(RecordingId id, IReadOnlyList<LedgerSegment> segments, Dictionary<int, Uri> urls,
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

    private async Task<LedgerRecording> RefusedAsync(LedgerRecording recording, CancellationToken cancellation)
    {
        await reports.WriteAsync(recording.Session.RecordingId, "finalize",
            "refused: the service has the recording finished with other segments", cancellation);
        Log.AmendmentRefused(log, recording.Session.RecordingId);
        return recording;
    }
}
