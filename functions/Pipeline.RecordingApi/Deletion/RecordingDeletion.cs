using Azure;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Takes the wish to delete a recording: writes its tombstone and sends one message. The rest is the queue's, so that a caller who hangs
/// up,
/// a crash or an outage only delays it.
/// </summary>
public sealed class RecordingDeletion(CatalogueTable catalogue, DeletionTable table, DeletionMessages messages,
    RecordingsContainer container, TimeProvider time)
{
    /// <summary>How many files are counted: four requests to the storage; a person does not need it more exactly.</summary>
    public const int MostCounted = 20_000;

    /// <summary>When those who wait for a deletion ask again.</summary>
    internal const string RetryAfterSeconds = "5";

    public async Task<IResult> DeleteAsync(HttpContext context, string recordingId)
    {
        CancellationToken cancellation = context.RequestAborted;
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return NoId();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), cancellation);
        if (entry == CatalogueEntry.Unknown) return Problems.UnknownRecording();
        if (entry.Recording is { } recording)
        {
            await table.TryBeginAsync(recording.Details, ETag.All, time.GetUtcNow(), cancellation);
            await messages.SendAsync(new DeleteRecording { RecordingId = id }, TimeSpan.Zero, cancellation);
        }
        if (await table.FindAsync(id, cancellation) is { IsDone: true }) return Results.NoContent();
        context.Response.Headers.Location = $"/api/recordings/{id}/deletion";
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Results.Json(await StateAsync(id, isDone: false, cancellation), WireJsonContext.Default.DeletionState,
            statusCode: StatusCodes.Status202Accepted);
    }

    public async Task<IResult> GetAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return NoId();
        if (await table.FindAsync(id, context.RequestAborted) is not { } tombstone)
            return Problems.Of(StatusCodes.Status404NotFound, "Nobody has deleted such a recording");
        return Results.Json(await StateAsync(id, tombstone.IsDone, context.RequestAborted), WireJsonContext.Default.DeletionState);
    }

    private async Task<DeletionState> StateAsync(RecordingId id, bool isDone, CancellationToken cancellation) => new()
    {
        RecordingId = id.ToString(),
        Status = isDone ? DeletionState.Deleted : DeletionState.Deleting,
        RemainingFiles = isDone ? 0 : await container.CountAsync(id, MostCounted, cancellation),
    };

    private static IResult NoId() => Problems.Invalid(FieldErrors.One("recordingId", "must be a UUID"));
}
