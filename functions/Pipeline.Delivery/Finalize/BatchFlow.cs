using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// The older flow for services without init-live: init with all segments, one PUT each, complete. The temp blobs stay until
/// the service has confirmed the whole, so that any step may be repeated from the start.
/// </summary>
public sealed class BatchFlow(
    LedgerTable ledger, RecordingApiClient api, BatchUpload upload, BatchPlaces places, Reports reports, TimeProvider time,
    ILogger<BatchFlow> log)
{
    /// <returns>The recording's row with the id that the service gave it.</returns>
    public async Task<LedgerRecording> RunAsync(LedgerRecording recording, FinalizeRequest end, IReadOnlyList<LedgerSegment> segments,
        CancellationToken cancellation)
    {
        RecordingId id = recording.Session.RecordingId;
        HashSet<string> inTemp = await upload.ListTempAsync(id, cancellation);
        segments = await upload.StillThereAsync(segments, inTemp, cancellation);
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
        LedgerSegment[] moved = await upload.DeliverAllAsync(id, segments, UrlsOf(init, segments.Count), IsDone, cancellation);
        CompleteRequest complete = new() { Files = [.. moved.Select((segment, index) => WireMapping.Completed(index, segment))] };
        if (!await api.CompleteAsync(init.RecordingId, complete, cancellation)) return await RefusedAsync(row, cancellation);
        await upload.DeleteTempAsync(moved, cancellation);
        places.Forget(id);
        return row;
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

    private async Task<LedgerRecording> RefusedAsync(LedgerRecording recording, CancellationToken cancellation)
    {
        await reports.WriteAsync(recording.Session.RecordingId, "finalize",
            "refused: the service has the recording finished with other segments", cancellation);
        Log.AmendmentRefused(log, recording.Session.RecordingId);
        return recording;
    }
}
