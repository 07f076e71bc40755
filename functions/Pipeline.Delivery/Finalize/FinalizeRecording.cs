using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// Hands the recording API the list of segments when the ledger holds every one that the bot announced. Until then the
/// message goes back with a growing delay; when nothing has come for the length of the deadline, what there is gets
/// finalized and what is missing gets named. Whatever comes later amends the recording.
/// </summary>
public sealed class FinalizeRecording(
    LedgerTable ledger, TempContainer temp, RecordingRegistry registry, StopWait wait, HandOver handOver, FinalizeEnd end)
{
    private const int MostRounds = 3;

    public async Task RunAsync(RecordingStopped message, CancellationToken cancellation)
    {
        RecordingId id = message.Session.RecordingId;
        registry.Forget(id);
        LedgerRecording recording = await registry.EnsureAsync(message.Session, cancellation);
        if (recording.State == RecordingState.Deleted)
        {
            await end.DropAsync(id, cancellation);
            return;
        }
        SessionManifest? inTemp = await temp.ReadManifestAsync(id, cancellation);
        SessionManifest manifest = ManifestMerge.Close(message, inTemp, await ledger.FindManifestAsync(id, cancellation),
            await ledger.ErasedAsync(id, cancellation));
        await ledger.PutManifestAsync(manifest, cancellation);
        Completeness found = await Completeness.ReadAsync(ledger, manifest, cancellation);
        bool isOwnStop = message.Tracks is not null || inTemp is { State: ManifestState.Stopped };
        recording = await wait.NoteStopAsync(message, isOwnStop, recording, found, cancellation);
        if (found.MissingCount > 0 && !wait.IsOver(recording) && recording.State == RecordingState.Stopping)
        {
            await wait.PutBackAsync(message, recording, found, cancellation);
            return;
        }
        // Another finalizer was quicker, so everything has come since the rows were read.
        if (found.MissingCount > 0 && recording.State is RecordingState.Finalized or RecordingState.Amending)
            found = await Completeness.ReadAsync(ledger, manifest, cancellation);
        await FinalizeAsync(recording, manifest, found, cancellation);
    }

    private async Task FinalizeAsync(LedgerRecording recording, SessionManifest manifest, Completeness found,
        CancellationToken cancellation)
    {
        RecordingId id = recording.Session.RecordingId;
        for (int round = 1; ; round++)
        {
            await end.ReportAsync(id, found, cancellation);
            FinalizeRequest request = FinalizeRequestBuilder.Build(recording, manifest, found);
            recording = await handOver.RunAsync(recording, request, found, cancellation);
            if (recording.State == RecordingState.Deleted)
            {
                await end.DropAsync(id, cancellation);
                return;
            }
            recording = await end.MarkAsync(recording, found, cancellation);
            registry.Forget(id);
            // State first, rows second (see LateSegments): a segment that came meanwhile goes into another round.
            Completeness again = await Completeness.ReadAsync(ledger, manifest, cancellation);
            if (again.Present.Count < found.Present.Count) await end.LowerAsync(id, again, cancellation);
            if (again.Present.Count <= found.Present.Count || round == MostRounds) break;
            found = again;
        }
        await end.CloseAsync(id, manifest, found, cancellation);
    }
}
