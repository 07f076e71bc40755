using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// Finishes recordings: the same list again gets the same answer, another list a 409, a longer one amends where that is expected.
/// </summary>
public sealed class RecordingEnds(CatalogueTable catalogue, RecordingsContainer container, SegmentPlaces places, EventOutbox outbox,
    RenderTriggers renders)
{
    private const int UpdateTries = 8;

    public async Task<IResult> FinalizeAsync(HttpContext context, string recordingId)
    {
        (FinalizeRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.FinalizeRequest,
            JsonBody.FinalizeLimit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request);
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        SegmentSet set = SegmentSet.Of(request.Segments!.Select(SegmentSet.Segment));
        SegmentClaim[] claims = [.. request.Segments!.Select((segment, index) =>
            new SegmentClaim($"segments[{index}].", "fileSize", SegmentSet.Segment(segment), segment.BlobUrl!))];
        return await CommitAsync(id, set, claims, details =>
            Finished(details, request, set), request.Amends == true, context.RequestAborted);
    }

    /// <summary>Finishes a recording that nobody else will; false where there is none.</summary>
    internal async Task<bool> TryFinishAsync(RecordingId id, FinalizeRequest request, CancellationToken cancellation)
    {
        if ((await catalogue.FindAsync(id.ToString(), cancellation)).Recording is null) return false;
        SegmentSet set = SegmentSet.Of(request.Segments!.Select(SegmentSet.Segment));
        await CommitAsync(id, set, [], details => Finished(details, request, set), amends: false, cancellation);
        return true;
    }

    /// <summary>Writes the segments as a set of their own, then the recording's row, which makes them visible in one step.</summary>
    /// <param name="claims">What the request says of the segments, to be held against the storage; none where that was done before.</param>
    internal async Task<IResult> CommitAsync(
        RecordingId id, SegmentSet set, IReadOnlyList<SegmentClaim> claims, Func<RecordingDetails, RecordingDetails> finish, bool amends,
            CancellationToken cancellation)
    {
        string recordingId = id.ToString();
        for (int attempt = 1; attempt <= UpdateTries; attempt++)
        {
            CatalogueEntry entry = await catalogue.FindAsync(recordingId, cancellation);
            if (entry.Recording is not { } recording) return Problems.UnknownRecording();
            bool live = recording.Details.Status == RecordingStatus.Live;
            RecordingDetails finished = WithTracks(finish(recording.Details), set);
            bool sameSegments = !live && recording.SegmentSet == set.Name;
            Dictionary<string, string[]> differences = sameSegments && !amends ? Differences.OfEnds(recording.Details, finished) : [];
            if (sameSegments && !amends && differences.Count == 0)
            {
                // Who asks again may have been cut off before the message was sent.
                await renders.ChangedAsync(recordingId, cancellation);
                return await AnswerAsync(recording.Details, set.Segments, cancellation);
            }
            if (!live && !await MayAmendAsync(recording, set, amends, cancellation))
                return await RefuseAsync(recording, set, differences, cancellation);
            FieldErrors errors = await places.CheckAsync(id, claims, cancellation);
            if (errors.Any) return errors.ToProblem();
            await catalogue.WriteSegmentsAsync(recordingId, set.Name, set.Segments, cancellation);
            if (!await catalogue.TryUpdateAsync(recording with { Details = finished, SegmentSet = set.Name, BatchSet = null },
                cancellation)) continue;
            if (recording.SegmentSet is not null || recording.BatchSet is not null)
                await catalogue.DeleteOtherSegmentsAsync(recordingId, set.Name, cancellation);
            await renders.ChangedAsync(recordingId, cancellation);
            return await AnswerAsync(finished, set.Segments, cancellation);
        }
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many writers",
            "several requests finish this recording at once; try again");
    }

    private async Task<bool> MayAmendAsync(CatalogueRecording recording, SegmentSet set, bool amends, CancellationToken cancellation)
    {
        if (!amends && !Amendments.AreExpected(recording.Details)) return false;
        if (recording.SegmentSet is not { } before) return true;
        return Amendments.Keeps(await catalogue.ReadSegmentsAsync(recording.Details.Id, before, cancellation), set.Segments);
    }

    private static RecordingDetails WithTracks(RecordingDetails details, SegmentSet set) => details with
    {
        Tracks = RecordingTracks.Of(details, set.Segments),
        LongestSegment = set.Segments.Select(segment => segment.Duration).DefaultIfEmpty(0).Max(),
    };

    private async Task<IResult> RefuseAsync(CatalogueRecording recording, SegmentSet set, Dictionary<string, string[]> differences,
        CancellationToken cancellation)
    {
        if (recording.SegmentSet is { } before && differences.Count == 0)
            differences = Differences.OfSegments(await catalogue.ReadSegmentsAsync(recording.Details.Id, before, cancellation),
                set.Segments);
        return Problems.Finished(recording.Details.Id, Words.Of(recording.Details.Status), differences);
    }

    private static RecordingDetails Finished(RecordingDetails details, FinalizeRequest request, SegmentSet set)
    {
        IReadOnlyList<MissingSegment> missing = request.MissingSegments ?? [];
        return details with
        {
            Status = set.Segments.Count == 0 && missing.Count > 0 ? RecordingStatus.Failed : RecordingStatus.Completed,
            SessionEndTime = request.SessionEndTime,
            Duration = request.Duration,
            TotalSize = request.TotalSize!.Value,
            ParticipantCount = request.ParticipantCount!.Value,
            SegmentCount = set.Segments.Count,
            MissingSegmentCount = missing.Count,
            MissingSegments = missing,
            EndReason = request.EndReason ?? details.EndReason,
            Health = request.Health ?? details.Health,
            Gaps = request.Gaps ?? details.Gaps,
            Notes = request.Notes ?? details.Notes,
            UnverifiedUserIds = request.UnverifiedUserIds ?? [],
        };
    }

    private async Task<IResult> AnswerAsync(RecordingDetails details, IReadOnlyList<RecordingSegment> segments,
        CancellationToken cancellation)
    {
        await TellAsync(details, cancellation);
        List<string> audio = new(segments.Count);
        foreach (RecordingSegment segment in segments)
        {
            // What lies elsewhere is nothing that this API could vouch for.
            if (await container.ReadLinkAsync(RecordingId.Parse(details.Id), new Uri(segment.BlobUrl), cancellation) is { } link)
                audio.Add(link.AbsoluteUri);
        }
        FinalizeResponse answer = new()
        {
            Recording = new FinalizedRecording
            {
                Id = details.Id,
                SessionId = details.SessionId,
                Status = Words.Of(details.Status),
                Duration = details.Duration ?? 0,
                ParticipantCount = details.ParticipantCount,
                SegmentCount = details.SegmentCount,
                TotalSize = details.TotalSize,
                DownloadUrls = new DownloadUrls { Audio = audio },
            },
        };
        return Results.Json(answer, WireJsonContext.Default.FinalizeResponse);
    }

    // On every answer, also a repeated one: the process that finished the recording may have ended before it could say so.
    private async Task TellAsync(RecordingDetails details, CancellationToken cancellation)
    {
        EventData told = EventOutbox.Of(details);
        EventData completed = told with
        {
            Duration = details.Duration,
            ParticipantCount = details.ParticipantCount,
            SegmentCount = details.SegmentCount,
            EndReason = details.EndReason,
        };
        await outbox.RaiseAsync(EventTypes.RecordingCompleted, completed, "", cancellation);
        if (details.MissingSegmentCount == 0) return;
        string problem = $"{details.MissingSegmentCount} segments were announced and never arrived";
        await outbox.RaiseAsync(EventTypes.RecordingProblem, told with { Problem = problem }, "missing", cancellation);
    }
}
