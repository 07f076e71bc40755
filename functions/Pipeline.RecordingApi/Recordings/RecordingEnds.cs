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
public sealed class RecordingEnds(CatalogueTable catalogue, RecordingsContainer container, SegmentPlaces places, ListParts parts,
    EndRules rules, EventOutbox outbox, RenderTriggers renders)
{
    /// <summary>Links to the segments stand in an answer up to so many; more are read in pages.</summary>
    public const int MostNamed = 5_000;

    private const int UpdateTries = 8;

    public async Task<IResult> FinalizeAsync(HttpContext context, string recordingId)
    {
        (FinalizeRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.FinalizeRequest,
            JsonBody.FinalizeLimit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request);
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        CancellationToken cancellation = context.RequestAborted;
        IReadOnlySet<ulong> gone = await rules.ErasedAsync(id, cancellation);
        if (request.Parts is null)
        {
            SegmentClaim[] claims = [.. request.Segments!.Select((segment, index) =>
                new SegmentClaim($"segments[{index}].", "fileSize", SegmentSet.Segment(segment), segment.BlobUrl!))];
            return await CommitAsync(id, Whole(id, SetOf(request), claims, gone), request, gone, cancellation);
        }
        (ISegmentList? list, fault) = await parts.FindAsync(id, request, gone, cancellation);
        if (list is null) return fault!;
        IResult answer = await CommitAsync(id, list, request, gone, cancellation);
        // What the list was made of names them. Who finalizes again is asked for the parts again.
        if (gone.Count > 0) await parts.LeaveOutAsync(id, request, gone, cancellation);
        return answer;
    }

    /// <summary>Finishes a recording that nobody else will; false where there is none.</summary>
    internal async Task<bool> TryFinishAsync(RecordingId id, FinalizeRequest request, CancellationToken cancellation)
    {
        if ((await catalogue.FindAsync(id.ToString(), cancellation)).Recording is null) return false;
        IReadOnlySet<ulong> gone = await rules.ErasedAsync(id, cancellation);
        await CommitAsync(id, Whole(id, SetOf(request), [], gone), request with { Amends = null }, gone, cancellation);
        return true;
    }

    /// <summary>Finishes a recording with a list that came in one request.</summary>
    /// <param name="claims">What the request says of the segments, to be held against the storage; none where that was done before.</param>
    internal async Task<IResult> CommitAsync(
        RecordingId id, SegmentSet set, IReadOnlyList<SegmentClaim> claims, Func<RecordingDetails, RecordingDetails> finish,
        CancellationToken cancellation)
    {
        IReadOnlySet<ulong> gone = await rules.ErasedAsync(id, cancellation);
        WholeList list = Whole(id, set, claims, gone);
        return await CommitAsync(id, list, details => rules.Without(finish(details), gone, list.Named), amends: false, cancellation);
    }

    private Task<IResult> CommitAsync(RecordingId id, ISegmentList list, FinalizeRequest request, IReadOnlySet<ulong> gone,
        CancellationToken cancellation) => CommitAsync(id, list, details =>
            rules.Without(Finished(details, request, list), gone, list.Named), request.Amends == true, cancellation);

    // Nothing is in it of people who were erased meanwhile.
    private WholeList Whole(RecordingId id, SegmentSet set, IReadOnlyList<SegmentClaim> claims, IReadOnlySet<ulong> gone) =>
        gone.Count == 0 ? new WholeList(id, set, claims, places, catalogue)
            : new WholeList(id, set.Without(gone), [.. claims.Where(claim => !SegmentSet.IsOf(claim.Segment, gone))], places, catalogue);

    // Writes the segments as a set of their own, then the recording's row, which makes them visible in one step.
    private async Task<IResult> CommitAsync(RecordingId id, ISegmentList list, Func<RecordingDetails, RecordingDetails> finish, bool amends,
        CancellationToken cancellation)
    {
        string recordingId = id.ToString();
        for (int attempt = 1; attempt <= UpdateTries; attempt++)
        {
            CatalogueEntry entry = await catalogue.FindAsync(recordingId, cancellation);
            if (entry.Recording is not { } recording) return Problems.UnknownRecording();
            bool live = recording.Details.Status == RecordingStatus.Live;
            RecordingDetails finished = list.Describe(finish(recording.Details));
            bool sameSegments = !live && await list.IsAsync(recording.SegmentSet, cancellation);
            Dictionary<string, string[]> differences = sameSegments && !amends ? Differences.OfEnds(recording.Details, finished) : [];
            if (sameSegments && !amends && differences.Count == 0)
            {
                // Who asks again may have been cut off before the message was sent.
                await renders.ChangedAsync(recordingId, cancellation);
                return await AnswerAsync(recording.Details, list.Named, cancellation);
            }
            if (!live && !await MayAmendAsync(recording, list, amends, cancellation))
                return await RefuseAsync(recording, list, differences, cancellation);
            if (CatalogueRows.LengthOf(finished) > CatalogueRows.LongestDetails)
                return Problems.Of(StatusCodes.Status413PayloadTooLarge, "The body is too large",
                    "missingSegments, health, gaps, notes and consent must be shorter: packed they fill more than a row of the catalogue");
            if (live) await renders.EndsAsync(recordingId, cancellation);
            FieldErrors errors = await list.SettleAsync(recording.Details.RecordedAt, cancellation);
            if (errors.Any) return errors.ToProblem();
            finished = await rules.WithDayAsync(finished, cancellation);
            if (!await catalogue.TryUpdateAsync(recording with { Details = finished, SegmentSet = list.Set, BatchSet = null },
                cancellation)) continue;
            await ForgetAsync(recordingId, list.Set, [recording.SegmentSet, recording.BatchSet], cancellation);
            await renders.ChangedAsync(recordingId, cancellation);
            return await AnswerAsync(finished, list.Named, cancellation);
        }
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many writers",
            "several requests finish this recording at once; try again");
    }

    // Only what this list replaces: another request may be writing the next one.
    private async Task ForgetAsync(string recordingId, string current, string?[] replaced, CancellationToken cancellation)
    {
        foreach (string set in replaced.OfType<string>().Where(set => set != current))
        {
            await parts.ForgetAsync(recordingId, set, cancellation);
        }
    }

    private static SegmentSet SetOf(FinalizeRequest request) => SegmentSet.Of(request.Segments!.Select(SegmentSet.Segment));

    private static async Task<bool> MayAmendAsync(CatalogueRecording recording, ISegmentList list, bool amends,
        CancellationToken cancellation)
    {
        if (!amends && !Amendments.AreExpected(recording.Details)) return false;
        return recording.SegmentSet is not { } before || before == list.Set || await list.KeepsAsync(before, cancellation);
    }

    private static async Task<IResult> RefuseAsync(CatalogueRecording recording, ISegmentList list,
        Dictionary<string, string[]> differences, CancellationToken cancellation)
    {
        if (recording.SegmentSet is { } before && differences.Count == 0)
            differences = await list.DifferencesAsync(before, cancellation);
        return Problems.Finished(recording.Details.Id, Words.Of(recording.Details.Status), differences);
    }

    private static RecordingDetails Finished(RecordingDetails details, FinalizeRequest request, ISegmentList list)
    {
        IReadOnlyList<MissingSegment> missing = request.MissingSegments ?? [];
        int missingCount = Math.Max(missing.Count, request.MissingSegmentCount ?? 0);
        return details with
        {
            Status = list.Count == 0 && missingCount > 0 ? RecordingStatus.Failed : RecordingStatus.Completed,
            SessionEndTime = request.SessionEndTime,
            Duration = request.Duration,
            TotalSize = request.TotalSize!.Value,
            ParticipantCount = request.ParticipantCount!.Value,
            SegmentCount = list.Count,
            FurtherChannelIds = request.FurtherChannelIds ?? details.FurtherChannelIds,
            MissingSegmentCount = missingCount,
            MissingSegments = missing,
            EndReason = request.EndReason ?? details.EndReason,
            Health = request.Health ?? details.Health,
            Gaps = request.Gaps ?? details.Gaps,
            Notes = request.Notes ?? details.Notes,
            Consent = request.Consent ?? details.Consent,
            UnverifiedUserIds = request.UnverifiedUserIds ?? [],
        };
    }

    private async Task<IResult> AnswerAsync(RecordingDetails details, IReadOnlyList<RecordingSegment> segments,
        CancellationToken cancellation)
    {
        await TellAsync(details, cancellation);
        List<string> audio = [];
        foreach (RecordingSegment segment in segments.Count > MostNamed ? [] : segments)
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
