using Pipeline.Contracts;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Deletes a recording: its blobs, its rows, what the pipeline still holds of it. An empty row stays, so that segments that
/// are still under way cannot bring it back.
/// </summary>
public sealed class RecordingDeletion(CatalogueTable catalogue, RecordingsContainer container, TempContainer temp, LedgerPartitions ledger, EventOutbox outbox, ILogger<RecordingDeletion> log)
{
    public async Task<IResult> DeleteAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Results.NoContent();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry == CatalogueEntry.Unknown) return Results.NoContent();
        if (entry.Recording is { } recording) await catalogue.DeleteAsync(recording, context.RequestAborted);
        // All of it again when it was deleted before: the first try may have been cut off.
        await container.DeleteAllAsync(id, context.RequestAborted);
        await DeleteTempAsync(id, context.RequestAborted);
        await catalogue.DeleteSegmentsAsync(id.ToString(), context.RequestAborted);
        await ledger.DeleteAsync(id, context.RequestAborted);
        // The server is only known where the row was still whole; a first try that was cut off has said it by then or says it without.
        EventData told = entry.Recording is { } gone ? EventOutbox.Of(gone.Details) with { Title = null } : new EventData { RecordingId = id.ToString() };
        await outbox.RaiseAsync(EventTypes.RecordingDeleted, told, "", context.RequestAborted);
        ApiLog.RecordingDeleted(log, id.ToString());
        return Results.NoContent();
    }

    // A manifest that a bot holds stays with the bot; the sweep takes it when the bot has let go.
    private async Task DeleteTempAsync(RecordingId id, CancellationToken cancellation)
    {
        List<TempBlob> blobs = [];
        await foreach (TempBlob blob in temp.ListAsync($"{id}/", cancellation)) blobs.Add(blob);
        foreach (TempBlob blob in blobs) await temp.DeleteAsync(blob, cancellation);
    }
}
