using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Gives each segment the one place where it may be put.</summary>
public sealed class SegmentUploads(CatalogueTable catalogue, RecordingsContainer container, ErasedPeople erased, RenderTriggers renders)
{
    public async Task<IResult> UploadUrlAsync(HttpContext context, string recordingId)
    {
        (SegmentUploadRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.SegmentUploadRequest,
            JsonBody.Limit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request);
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry.Recording is not { } recording) return Problems.UnknownRecording();
        if (await erased.HoldsAsync(id, ulong.Parse(request.UserId!, CultureInfo.InvariantCulture), context.RequestAborted))
            return Problems.Erased();
        errors = RequestCheck.Check(request, recording.Details.RecordedAt);
        if (errors.Any) return errors.ToProblem();
        if (recording.Details.Status != RecordingStatus.Live && request.Amends != true && !Amendments.AreExpected(recording.Details))
        {
            return Problems.Finished(id.ToString(), Words.Of(recording.Details.Status));
        }
        if (recording.Details.Status == RecordingStatus.Live)
        {
            TimeSpan end = DateTimeOffset.FromUnixTimeMilliseconds(request.AbsoluteEndTime!.Value) - recording.Details.RecordedAt;
            await renders.HeardAsync(id.ToString(), end, context.RequestAborted);
        }
        return Results.Json(await PlaceAsync(id.ToString(), request, context.RequestAborted),
            WireJsonContext.Default.SegmentUploadResponse);
    }

    internal async Task<SegmentUploadResponse> PlaceAsync(string recordingId, SegmentUploadRequest request, CancellationToken cancellation)
    {
        string name = BlobName(recordingId, request);
        Uri url = await container.UploadUrlAsync(name, cancellation);
        return new SegmentUploadResponse { UploadUrl = url.AbsoluteUri, BlobPath = $"{StorageNames.RecordingsContainer}/{name}" };
    }

    /// <summary>What was put before: lengths by the path that <see cref="PlaceAsync"/> tells.</summary>
    internal async Task<Dictionary<string, long>> StoredAsync(string recordingId, CancellationToken cancellation)
    {
        Dictionary<string, long> lengths = [];
        await foreach ((string name, long length) in container.LengthsAsync(RecordingId.Parse(recordingId), cancellation))
            lengths[$"{StorageNames.RecordingsContainer}/{name}"] = length;
        return lengths;
    }

    // Made from the user's id and the index, not from the file name: what a caller writes there decides nothing.
    private static string BlobName(string recordingId, SegmentUploadRequest request)
    {
        ulong userId = ulong.Parse(request.UserId!, CultureInfo.InvariantCulture);
        // Checked before: one that nobody knows does not come here.
        if (!SegmentFormats.TryParse(request.Format, out SegmentFormat format)) format = SegmentFormat.Wav;
        string file = BlobPaths.SegmentFileName(request.SegmentIndex!.Value, format);
        return $"{recordingId}/{BlobPaths.UserFolder(userId, request.Username!)}/{file}";
    }
}
