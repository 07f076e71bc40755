using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Shares;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Gives a recording another title, or none, and keeps it from being deleted by its age.</summary>
public sealed class RecordingTitle(CatalogueTable catalogue, RenderTriggers renders)
{
    private const int UpdateTries = 8;

    public async Task<IResult> PatchAsync(HttpContext context, string recordingId)
    {
        (TitleRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.TitleRequest, JsonBody.Limit);
        if (request is null) return fault!;
        FieldErrors errors = new();
        bool renames = request.Title is not null;
        if (request is { Title: null, IsKept: null }) errors.Add("title", "is required; an empty one takes it away");
        else if (request.IsKept == false) errors.Add("isKept", "must be true: what is kept stays so");
        else if (request.Title is null) request = request with { Title = "" };
        else if (request.Title.Any(char.IsControl)) errors.Add("title", "must be one line");
        else errors.Title("title", request.Title);
        // Nobody can take it back, and the owner decides how long recordings stay.
        if (request.IsKept is not null && AccessCheck.ScopesOf(context) is not null)
            return Problems.Of(StatusCodes.Status403Forbidden, "This link does not allow that", "isKept takes a key; a link gives titles");
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        bool keeps = request.IsKept == true;
        string? title = Bounds.Clean(request.Title);
        for (int attempt = 1; attempt <= UpdateTries; attempt++)
        {
            if ((await catalogue.FindAsync(id.ToString(), context.RequestAborted)).Recording is not { } recording)
                return Problems.UnknownRecording();
            RecordingDetails next = keeps ? recording.Details with { IsKept = true, DeletesAt = null } : recording.Details;
            if (renames) next = next with { Title = title };
            if (next != recording.Details
                && !await catalogue.TryUpdateAsync(recording with { Details = next }, context.RequestAborted)) continue;
            // Also where it has that title: the first try may have ended before the message was sent.
            if (renames && next.Status != RecordingStatus.Live) await renders.RenamedAsync(next.Id, context.RequestAborted);
            return Results.NoContent();
        }
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many writers",
            "several requests change this recording at once; try again");
    }
}
