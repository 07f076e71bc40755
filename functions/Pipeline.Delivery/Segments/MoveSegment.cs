using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// Moves one segment from the temp container to where the recording API wants it. The order bears any repetition:
/// bytes, comparison, ledger row, and only then the temp blob goes, under the version that was compared.
/// A blob that is not what its message names is neither moved nor deleted: the message fails, and after its tries it is
/// reported and the segment listed as missing.
/// </summary>
public sealed class MoveSegment(
    LedgerTable ledger, TempContainer temp, RecordingRegistry registry, ApiRecording apiRecording, SegmentDelivery delivery,
    SegmentOutcome outcome, Telemetry telemetry)
{
    /// <exception cref="SegmentFaultException">The segment is gone or is not what its message names.</exception>
    public async Task RunAsync(SegmentReady message, CancellationToken cancellation)
    {
        try
        {
            await MoveAsync(message, cancellation);
        }
        catch (SegmentFaultException fault)
        {
            // Of a deleted recording nothing is kept, and nobody is told.
            if ((await registry.EnsureAsync(message.Session, cancellation)).State == RecordingState.Deleted)
            {
                if (await temp.FindAsync(message.BlobName, cancellation) is { } blob) await outcome.DropAsync(message, blob, cancellation);
                return;
            }
            telemetry.Faulty(fault.Reason);
            await ledger.PutFaultAsync(fault.Key, fault.Reason, cancellation);
            throw;
        }
    }

    private async Task MoveAsync(SegmentReady message, CancellationToken cancellation)
    {
        TempBlob? blob = await temp.FindAsync(message.BlobName, cancellation);
        if (await ledger.FindSegmentAsync(message.Key, cancellation) is { State: not SegmentState.Sending } row)
        {
            await outcome.ConcludeAsync(message, row, blob, cancellation);
            return;
        }
        // The row is read after the blob: the one who deleted the blob had written the row before.
        if (blob is null)
        {
            if (await IsErasedAsync(message, cancellation)) return; // with its blob
            throw new SegmentFaultException(message.Key, "vanished", "its temp blob is not there");
        }
        await DemandUnalteredAsync(message, blob, cancellation);
        LedgerRecording recording = await registry.EnsureAsync(message.Session, cancellation);
        if (recording.State == RecordingState.Deleted) await outcome.DropAsync(message, blob, cancellation);
        else if (recording.Flow == UploadFlow.Batch) await outcome.CollectedAsync(message, cancellation);
        else await UploadAsync(message, blob, recording, cancellation);
    }

    private async Task DemandUnalteredAsync(SegmentReady message, TempBlob blob, CancellationToken cancellation)
    {
        if (blob.Length != message.FileSize)
            throw new SegmentFaultException(message.Key, "altered", $"{blob.Length} bytes instead of {message.FileSize}");
        string md5 = blob.ContentMd5 ?? await temp.HashAsync(blob, cancellation);
        if (md5 != message.ContentMd5) throw new SegmentFaultException(message.Key, "altered", "its hash is not the message's");
    }

    private async Task UploadAsync(SegmentReady message, TempBlob blob, LedgerRecording recording, CancellationToken cancellation)
    {
        LedgerSegment segment = LedgerSegment.From(message, SegmentState.Moved, blobUrl: null);
        (Uri? uploadUrl, bool isErased) = await UploadUrlAsync(message, segment, recording, cancellation);
        if (isErased)
        {
            await outcome.DropAsync(message, blob, cancellation);
            return;
        }
        if (uploadUrl is null)
        {
            await SettleWithoutPlaceAsync(message, segment, blob, cancellation);
            return;
        }
        Uri address = await delivery.DeliverAsync(segment, blob, uploadUrl, cancellation);
        await outcome.MovedAsync(message, segment with { BlobUrl = address.AbsoluteUri }, blob, cancellation);
    }

    private async Task<bool> IsErasedAsync(SegmentReady message, CancellationToken cancellation)
    {
        LedgerRecording recording = await registry.EnsureAsync(message.Session, cancellation);
        if (recording.State == RecordingState.Deleted || recording.Flow == UploadFlow.Batch) return false; // RunAsync sees to the former
        LedgerSegment segment = LedgerSegment.From(message, SegmentState.Moved, blobUrl: null);
        return (await UploadUrlAsync(message, segment, recording, cancellation)).IsErased;
    }

    /// <summary>Null: there is no place for it. Erased: nothing of this person is taken, whenever it comes.</summary>
    private async Task<(Uri? Url, bool IsErased)> UploadUrlAsync(SegmentReady message, LedgerSegment segment, LedgerRecording recording,
        CancellationToken cancellation)
    {
        SegmentUploadRequest request = WireMapping.UploadRequest(message.Session, segment, amends: null);
        // Finished, and this segment is of it nevertheless: our own API lets it in when it is told so.
        ApiAnswer<SegmentUploadResponse> said = await apiRecording.SegmentUploadUrlAsync(recording, request, cancellation);
        if (said.Answer is not { } answer) return (null, said.IsErased);
        return Uri.TryCreate(answer.UploadUrl, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? (url, false)
            : throw new RecordingApiException("segment-upload-url answered no http address", isTransient: false, null, null);
    }

    // The API gave no place: another worker was quicker, the owner deleted the recording, or a service takes nothing more.
    private async Task SettleWithoutPlaceAsync(SegmentReady message, LedgerSegment segment, TempBlob blob, CancellationToken cancellation)
    {
        if (await ledger.FindSegmentAsync(message.Key, cancellation) is { State: not SegmentState.Sending } row)
        {
            await outcome.ConcludeAsync(message, row, blob, cancellation);
            return;
        }
        LedgerRecording recording = await registry.EnsureAsync(message.Session, cancellation);
        if (recording.State == RecordingState.Deleted)
        {
            await outcome.DropAsync(message, blob, cancellation);
            return;
        }
        if (recording.Flow == UploadFlow.Batch)
        {
            await outcome.CollectedAsync(message, cancellation);
            return;
        }
        await outcome.RefusedAsync(message, segment, cancellation);
    }
}
