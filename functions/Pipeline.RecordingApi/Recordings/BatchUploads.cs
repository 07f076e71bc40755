using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>The older flow: init with all segments of a recording that is over, one PUT each, complete.</summary>
public sealed class BatchUploads(CatalogueTable catalogue, RecordingStarts starts, SegmentUploads uploads, RecordingEnds ends,
    ErasedPeople erased)
{
    public async Task<IResult> InitAsync(HttpContext context)
    {
        (BatchInitRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.BatchInitRequest,
            JsonBody.FinalizeLimit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request);
        if (errors.Any) return errors.ToProblem();
        CancellationToken cancellation = context.RequestAborted;
        IReadOnlySet<ulong> gone = await erased.OfAsync(RecordingId.Parse(request.SessionId!), cancellation);
        foreach ((int index, SegmentUploadRequest segment) in request.Segments!.Index())
        {
            if (gone.Contains(ulong.Parse(segment.UserId!, CultureInfo.InvariantCulture)))
                errors.Add($"segments[{index}].userId", "is erased from this recording; leave their segments out");
        }
        if (errors.Any) return Problems.Erased(errors);
        (CatalogueRecording? recording, bool added, IResult? finished) =
            await starts.EnsureAsync(RecordingStarts.Fresh(request), cancellation);
        if (recording is null) return finished!;

        // The order of the request is kept: files are named by their place in it.
        RecordingSegment[] announced = [.. request.Segments!.Select(Announced)];
        string set = CatalogueRows.AnnouncedSet + SegmentSet.Of(announced).Name;
        await catalogue.WriteSegmentsAsync(recording.Details.Id, set, announced, cancellation);
        RecordingDetails details = recording.Details with
        {
            SessionEndTime = request.SessionEndTime,
            Duration = request.Duration,
            ParticipantCount = request.ParticipantCount!.Value,
            TotalSize = request.TotalSize!.Value,
        };
        if (!await catalogue.TryUpdateAsync(recording with { Details = details, BatchSet = set }, cancellation))
        {
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many writers",
                "several requests begin this recording at once; try again");
        }
        // Of another list than this nothing is completed any more, and it may name somebody who was erased since.
        if (recording.BatchSet is { } before && before != set)
            await catalogue.DeleteSegmentsAsync(recording.Details.Id, before, cancellation);
        Dictionary<string, long> stored = added ? [] : await uploads.StoredAsync(recording.Details.Id, cancellation);
        List<BatchUploadUrl> places = [];
        foreach (SegmentUploadRequest segment in request.Segments!)
        {
            SegmentUploadResponse place = await uploads.PlaceAsync(recording.Details.Id, segment, cancellation);
            places.Add(new BatchUploadUrl
            {
                FileIndex = places.Count,
                UploadUrl = place.UploadUrl,
                BlobPath = place.BlobPath,
                IsStored = stored.TryGetValue(place.BlobPath!, out long length) && length == segment.FileSize ? true : null,
            });
        }
        return Results.Json(new BatchInitResponse { RecordingId = recording.Details.Id, UploadUrls = places },
            WireJsonContext.Default.BatchInitResponse);
    }

    public async Task<IResult> CompleteAsync(HttpContext context, string recordingId)
    {
        (CompleteRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.CompleteRequest,
            JsonBody.FinalizeLimit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request);
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry.Recording is not { } recording) return Problems.UnknownRecording();
        if ((recording.BatchSet ?? recording.SegmentSet) is not { } source)
            return Problems.Invalid(FieldErrors.One("recordingId", "was not begun by init"));
        List<RecordingSegment> announced = await catalogue.ReadSegmentsAsync(id.ToString(), source, context.RequestAborted);
        return recording.BatchSet is null
            ? await RepeatAsync(id, recording, announced, request, context.RequestAborted)
            : await CompleteAsync(id, announced, request, context.RequestAborted);
    }

    private async Task<IResult> CompleteAsync(RecordingId id, List<RecordingSegment> announced, CompleteRequest request,
        CancellationToken cancellation)
    {
        FieldErrors errors = new();
        for (int i = 0; i < request.Files!.Count; i++)
        {
            if (request.Files[i].FileIndex >= announced.Count) errors.Add($"files[{i}].fileIndex", $"must be below {announced.Count}");
            else if (!IsOf(announced[request.Files[i].FileIndex!.Value], request.Files[i]))
                errors.Add($"files[{i}].userId",
                    $"must be {announced[request.Files[i].FileIndex!.Value].UserId}, for whom the file was announced");
        }
        if (errors.Any) return errors.ToProblem();
        SegmentSet set = SegmentSet.OfFiles(request.Files.Select(file =>
            (file.FileIndex!.Value, Completed(announced[file.FileIndex.Value], file))));
        SegmentClaim[] claims = [.. request.Files.Select((file, index) =>
            new SegmentClaim($"files[{index}].", "blobUrl", announced[file.FileIndex!.Value], file.BlobUrl!))];
        HashSet<int> present = [.. request.Files.Select(file => file.FileIndex!.Value)];
        MissingSegment[] missing = [.. announced.Where((_, index) => !present.Contains(index))
            .Select(segment => new MissingSegment { UserId = segment.UserId, SegmentIndex = segment.SegmentIndex, Reason = "late" })];
        return await ends.CommitAsync(
            id,
            set,
            claims,
            details => details with
            {
                Status = set.Segments.Count == 0 && missing.Length > 0 ? RecordingStatus.Failed : RecordingStatus.Completed,
                SegmentCount = set.Segments.Count,
                TotalSize = set.Segments.Sum(segment => segment.FileSize),
                MissingSegments = missing,
                MissingSegmentCount = missing.Length,
            },
            cancellation);
    }

    // As numbers: an older version announced ids with leading zeros too.
    private static bool IsOf(RecordingSegment announced, CompletedFile file) =>
        ulong.Parse(announced.UserId, CultureInfo.InvariantCulture) == ulong.Parse(file.UserId!, CultureInfo.InvariantCulture);

    // Completed before: the same files of the same people get the same answer.
    private async Task<IResult> RepeatAsync(RecordingId id, CatalogueRecording recording, List<RecordingSegment> known,
        CompleteRequest request, CancellationToken cancellation)
    {
        string set = recording.SegmentSet!;
        Dictionary<string, string[]> differences = Differences.OfFiles(known, set, request.Files!);
        return differences.Count > 0
            ? Problems.Finished(recording.Details.Id, Words.Of(recording.Details.Status), differences)
            : await ends.CommitAsync(id, new SegmentSet(known, set), [], details => details, cancellation);
    }

    private static RecordingSegment Announced(SegmentUploadRequest segment) => new()
    {
        UserId = segment.UserId!,
        Username = Bounds.Clean(segment.Username) ?? segment.UserId!,
        SegmentIndex = segment.SegmentIndex!.Value,
        FileName = segment.FileName!,
        FilePath = segment.FileName!,
        AbsoluteStartTime = segment.AbsoluteStartTime!.Value,
        AbsoluteEndTime = segment.AbsoluteEndTime!.Value,
        Duration = segment.Duration!.Value,
        FileSize = segment.FileSize!.Value,
        Format = segment.Format!,
        BlobUrl = "",
    };

    internal static RecordingSegment Completed(RecordingSegment announced, CompletedFile file) => announced with
    {
        UserId = file.UserId!,
        Username = Bounds.Clean(file.Username) ?? file.UserId!,
        FileName = file.FileName!,
        FilePath = file.FilePath!,
        BlobUrl = file.BlobUrl!,
    };
}
