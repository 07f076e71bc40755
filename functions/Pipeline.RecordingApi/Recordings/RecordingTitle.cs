using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Gives a recording another title, or none.</summary>
public sealed class RecordingTitle(CatalogueTable catalogue)
{
    private const int UpdateTries = 8;

    public async Task<IResult> PatchAsync(HttpContext context, string recordingId)
    {
        (TitleRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.TitleRequest, JsonBody.Limit);
        if (request is null) return fault!;
        FieldErrors errors = new();
        if (request.Title is null) errors.Add("title", "is required; an empty one takes it away");
        else if (request.Title.Any(char.IsControl)) errors.Add("title", "must be one line");
        else errors.Title("title", request.Title);
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        string? title = Bounds.Clean(request.Title);
        for (int attempt = 1; attempt <= UpdateTries; attempt++)
        {
            if ((await catalogue.FindAsync(id.ToString(), context.RequestAborted)).Recording is not { } recording)
                return Problems.UnknownRecording();
            if (recording.Details.Title == title) return Results.NoContent();
            if (await catalogue.TryUpdateAsync(recording with { Details = recording.Details with { Title = title } },
                context.RequestAborted)) return Results.NoContent();
        }
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many writers",
            "several requests change this recording at once; try again");
    }
}
