using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>What a finalize leaves behind: the ledger's state, reports of what is missing, and no temp blob that is not needed.</summary>
public sealed class FinalizeEnd(
    LedgerTable ledger, TempContainer temp, RefusedSegments refused, Reports reports, Telemetry telemetry, TimeProvider time,
    ILogger<FinalizeEnd> log)
{
    /// <summary>Marks the recording as finalized with what was found.</summary>
    internal async Task<LedgerRecording> MarkAsync(LedgerRecording recording, Completeness found, CancellationToken cancellation) =>
        await ledger.UpdateRecordingAsync(recording.Session.RecordingId, row => row with
        {
            State = RecordingState.Finalized,
            FinalizedAt = time.GetUtcNow(),
            FinalizedCount = found.Present.Count,
            AnnouncedCount = found.Announced,
        }, cancellation) ?? recording;

    /// <summary>Rows of a person who was erased meanwhile are not among those that were found a moment later.</summary>
    internal Task LowerAsync(RecordingId id, Completeness found, CancellationToken cancellation) => ledger.UpdateRecordingAsync(id, row =>
        row.FinalizedCount <= found.Present.Count ? null : row with { FinalizedCount = found.Present.Count }, cancellation);

    /// <summary>The last step: the recording is not listed as open any more, and the manifest goes.</summary>
    internal async Task CloseAsync(RecordingId id, SessionManifest manifest, Completeness found, CancellationToken cancellation)
    {
        await ledger.UnlistAsync(id, cancellation);
        await refused.DeleteAllAsync(manifest, cancellation);
        if (await temp.FindAsync(BlobPaths.Manifest(id), cancellation) is { IsLeased: false } file)
            await temp.DeleteAsync(file, cancellation);
        TimeSpan latency = time.GetUtcNow() - (manifest.EndedAt ?? time.GetUtcNow());
        telemetry.Finalized(latency, found.MissingCount);
        Log.Finalized(log, id, found.Present.Count, found.MissingCount, Math.Max(0, latency.TotalMilliseconds));
    }

    /// <summary>Writes what is missing or does not add up where the operator looks for it.</summary>
    internal async Task ReportAsync(RecordingId id, Completeness found, CancellationToken cancellation)
    {
        foreach (ulong user in found.Unverified)
        {
            await reports.WriteAsync(id, $"user {user}", "unverified: the segments do not add up to the announced chain", cancellation);
            Log.ChainMismatch(log, id, user);
        }
        if (found.MissingCount > 0)
            await reports.WriteAsync(id, "missing", "segments were announced and never arrived; the recording names them", cancellation);
    }

    /// <summary>A deleted recording: what came of it after all goes.</summary>
    internal async Task DropAsync(RecordingId id, CancellationToken cancellation)
    {
        List<TempBlob> blobs = [];
        await foreach (TempBlob blob in temp.ListAsync($"{id}/", cancellation)) blobs.Add(blob);
        foreach (TempBlob blob in blobs) await temp.DeleteAsync(blob, cancellation);
        await ledger.UnlistAsync(id, cancellation);
        Log.RecordingDropped(log, id);
    }
}
