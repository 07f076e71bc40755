using System.Collections.Concurrent;
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
public sealed class BatchFlow(LedgerTable ledger, TempContainer temp, RecordingApiClient api, SegmentDelivery delivery, Reports reports,
    ILogger<BatchFlow> log)
{
    private const int Width = 8;

    /// <returns>The recording's row with the id that the service gave it.</returns>
    public async Task<LedgerRecording> RunAsync(LedgerRecording recording, FinalizeRequest end, IReadOnlyList<LedgerSegment> segments,
        CancellationToken cancellation)
    {
        HashSet<string> inTemp = [];
        await foreach (TempBlob blob in temp.ListAsync($"{recording.Session.RecordingId}/", cancellation)) inTemp.Add(blob.Name);
        segments = await StillThereAsync(segments, inTemp, cancellation);
        BatchInitResponse? init = await api.BatchInitAsync(WireMapping.BatchInit(recording.Session, end, segments), cancellation);
        if (init is null) return await RefusedAsync(recording, cancellation);
        if (string.IsNullOrEmpty(init.RecordingId))
            throw new RecordingApiException("init answered no recordingId", isTransient: false, null, null);
        bool sameAsBefore = init.RecordingId == recording.ApiRecordingId;
        LedgerRecording known = await ledger.UpdateRecordingAsync(recording.Session.RecordingId, row =>
            row with { ApiRecordingId = init.RecordingId }, cancellation) ?? recording;

        // A service that gave the recording another id wants the bytes once more, where we still have them.
        bool IsDone(LedgerSegment segment) =>
            segment is { State: SegmentState.Moved, BlobUrl: not null } && (sameAsBefore || !inTemp.Contains(segment.BlobName));
        LedgerSegment[] moved = await DeliverAllAsync(segments, Places(init, segments.Count), IsDone, cancellation);
        CompleteRequest complete = new() { Files = [.. moved.Select((segment, index) => WireMapping.Completed(index, segment))] };
        if (!await api.CompleteAsync(init.RecordingId, complete, cancellation)) return await RefusedAsync(known, cancellation);
        foreach (LedgerSegment segment in moved)
        {
            if (await temp.FindAsync(segment.BlobName, cancellation) is { } blob && blob.Length == segment.FileSize)
                await temp.DeleteAsync(blob, cancellation);
        }
        return known;
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

    private static Dictionary<int, Uri> Places(BatchInitResponse init, int count)
    {
        Dictionary<int, Uri> places = [];
        foreach (BatchUploadUrl place in init.UploadUrls ?? [])
        {
            if (place.FileIndex is { } index && Uri.TryCreate(place.UploadUrl, UriKind.Absolute, out Uri? url)
                && url.Scheme is "http" or "https") places[index] = url;
        }
        return Enumerable.Range(0, count).All(places.ContainsKey)
            ? places
            : throw new RecordingApiException($"init answered {places.Count} upload URLs for {count} segments", isTransient: false, null,
            null);
    }

    private async Task<LedgerSegment[]> DeliverAllAsync(IReadOnlyList<LedgerSegment> segments, Dictionary<int, Uri> places,
        Func<LedgerSegment, bool> isDone, CancellationToken cancellation)
    {
        ConcurrentDictionary<int, LedgerSegment> moved = [];
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(Enumerable.Range(0, segments.Count), width, async (index, stop) =>
        {
            LedgerSegment segment = segments[index];
            moved[index] = isDone(segment) ? segment : await DeliverAsync(segment, places[index], stop);
        });
        return [.. Enumerable.Range(0, segments.Count).Select(index => moved[index])];
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
