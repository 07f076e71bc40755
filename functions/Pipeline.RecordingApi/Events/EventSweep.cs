using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Events;

/// <summary>
/// Every minute: tells how far live recordings are safe, queues what somebody wrote and did not queue, and deletes old events.
/// </summary>
public sealed class EventSweep(CatalogueTable catalogue, TempContainer temp, EventTable table, EventOutbox outbox,
    LiveSegments segments, ErasedPeople erased, TimeProvider time)
{
    /// <summary>How long <c>GET /api/events</c> remembers.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private const int MostAtOnce = 500;

    // Four heartbeats of a manifest.
    private static readonly TimeSpan Silent = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await foreach ((string recordingId, _) in catalogue.ListLiveAsync(cancellation)) await TellSafeAsync(recordingId, cancellation);
        foreach (StoredEvent waiting in await table.ReadUnqueuedAsync(MostAtOnce, cancellation))
            await outbox.QueueAsync(waiting, cancellation);
        await table.DeleteBeforeAsync(time.GetUtcNow() - Kept, cancellation);
    }

    private async Task TellSafeAsync(string recordingId, CancellationToken cancellation)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return;
        if (await temp.ReadManifestAsync(id, cancellation) is not { } told) return;
        SessionManifest manifest = told.Without([.. await erased.OfAsync(id, cancellation)]);
        if (manifest.Tracks.Count == 0) return;
        // Where the bot is away the position stands still, and saying it again would say nothing.
        if (time.GetUtcNow() - manifest.UpdatedAt > Silent || manifest.Tracks.Any(track => track.SafeSample is null)) return;
        // As GET tells it: who fetches up to here gets all of it.
        long safe = ArrivedPosition.Of(manifest, await segments.ReadAsync(id, LiveSegments.Fresh, cancellation));
        if (safe <= 0 || (await catalogue.FindAsync(recordingId, cancellation)).Recording
            is not { Details: { Status: RecordingStatus.Live } details }) return;
        EventData data = EventOutbox.Of(details) with { SafeSamples = safe };
        await outbox.RaiseAsync(EventTypes.RecordingSafe, data, $"{time.GetUtcNow().ToUnixTimeSeconds() / 60}", cancellation);
    }
}
