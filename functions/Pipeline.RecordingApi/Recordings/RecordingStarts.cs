using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Creates recordings. A recording's id is its session's id, so that any repetition meets the same recording.</summary>
public sealed class RecordingStarts(CatalogueTable catalogue, EventOutbox outbox)
{
    public async Task<IResult> InitLiveAsync(HttpContext context)
    {
        (InitLiveRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.InitLiveRequest,
            JsonBody.Limit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request);
        if (errors.Any) return errors.ToProblem();
        (CatalogueRecording? recording, bool added, IResult? finished) = await EnsureAsync(Fresh(request), context.RequestAborted);
        if (recording is null) return finished!;
        // Also when it was there: the first try may have ended before it could say so.
        await outbox.RaiseAsync(EventTypes.RecordingStarted, EventOutbox.Of(recording.Details), "", context.RequestAborted);
        InitLiveResponse answer = new()
        {
            RecordingId = recording.Details.Id,
            Status = Words.Of(recording.Details.Status),
            FinalizePartSegments = FinalizePartRequest.MostSegments,
        };
        if (added) context.Response.Headers.Location = $"/api/recordings/{answer.RecordingId}";
        return Results.Json(answer, WireJsonContext.Default.InitLiveResponse,
            statusCode: added ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    /// <summary>The live recording of a session, new or found; or the 409 for one that is over or was begun otherwise.</summary>
    internal async Task<(CatalogueRecording? Recording, bool Added, IResult? Finished)> EnsureAsync(CatalogueRecording fresh,
        CancellationToken cancellation)
    {
        CatalogueEntry entry = await catalogue.FindAsync(fresh.Details.Id, cancellation);
        bool added = false;
        if (entry == CatalogueEntry.Unknown)
        {
            added = await catalogue.TryAddAsync(fresh, cancellation);
            entry = await catalogue.FindAsync(fresh.Details.Id, cancellation);
        }
        if (entry.Recording is { Details.Status: RecordingStatus.Live } live)
        {
            Dictionary<string, string[]> differences = Differences.OfStarts(live.Details, fresh.Details);
            return differences.Count == 0
                ? (live, added, null)
                : (null, false, Problems.Conflict("The session was begun with other content", live.Details.Id,
                Words.Of(live.Details.Status), differences));
        }
        return (null, false, Problems.Finished(fresh.Details.Id, entry.Recording is { } over ? Words.Of(over.Details.Status) : "deleted"));
    }

    internal static CatalogueRecording Fresh(InitLiveRequest request)
    {
        string id = RecordingId.Parse(request.SessionId!).ToString();
        RecordingDetails details = new()
        {
            Id = id,
            SessionId = id,
            Status = RecordingStatus.Live,
            GuildId = request.GuildId!,
            GuildName = Bounds.Clean(request.GuildName),
            ChannelId = request.ChannelId,
            ChannelName = Bounds.Clean(request.ChannelName),
            UserId = request.UserId,
            Title = Bounds.Clean(request.Title),
            RecordedAt = request.RecordedAt!.Value.ToUniversalTime(),
            Segments = [],
        };
        return new CatalogueRecording(details, null, null, null);
    }
}
