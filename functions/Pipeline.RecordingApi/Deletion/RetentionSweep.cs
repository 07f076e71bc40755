using Azure;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Events;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Every minute: tells of recordings that are deleted within two days, and gives those whose day has come to the deletion queue. Every step
/// may be repeated or cut off.
/// </summary>
public sealed class RetentionSweep(ExpiryTable expiries, CatalogueTable catalogue, DeletionTable deletions, DeletionMessages messages,
    EventOutbox outbox, TimeProvider time, ILogger<RetentionSweep> log)
{
    /// <summary>So long before its deletion people hear of it.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(2);

    private const int MostAtOnce = 200; // some seconds; the rest a minute later

    // The last one of a full look. Days that do not count any more stay listed until they come: they must not hold up who is behind them.
    private Expiry? last;

    public async Task RunAsync(CancellationToken cancellation)
    {
        List<Expiry> near = [];
        await foreach (Expiry expiry in expiries.ListAsync(time.GetUtcNow() + Notice, cancellation))
        {
            if (expiry.At <= time.GetUtcNow() || (!expiry.IsTold && (last is null || expiry.IsBehind(last)))) near.Add(expiry);
            if (near.Count == MostAtOnce) break;
        }
        last = near.Count == MostAtOnce ? near[^1] : null;
        foreach (Expiry expiry in near) await LookAsync(expiry, cancellation);
    }

    private async Task LookAsync(Expiry expiry, CancellationToken cancellation)
    {
        CatalogueEntry entry = await catalogue.FindAsync(expiry.RecordingId, cancellation);
        bool counts = entry.Recording is { Details: { IsKept: not true } details } && details.DeletesAt == expiry.At;
        if (!counts)
        {
            // The list is written first: the recording may say the same in a moment.
            if (entry.Recording is null || expiry.At <= time.GetUtcNow()) await expiries.RemoveAsync(expiry, cancellation);
            return;
        }
        if (expiry.At > time.GetUtcNow()) await TellAsync(expiry, entry.Recording!.Details, cancellation);
        else await DeleteAsync(expiry, entry.Recording!, cancellation);
    }

    private async Task TellAsync(Expiry expiry, RecordingDetails details, CancellationToken cancellation)
    {
        EventData told = EventOutbox.Of(details) with { DeletesAt = expiry.At };
        await outbox.RaiseAsync(EventTypes.RecordingExpiring, told, "", cancellation);
        await expiries.MarkToldAsync(expiry, cancellation);
    }

    private async Task DeleteAsync(Expiry expiry, CatalogueRecording recording, CancellationToken cancellation)
    {
        // Somebody may have said meanwhile that it is kept. Listed as it is, it is looked at again.
        if (!await deletions.TryBeginAsync(recording.Details, new ETag(recording.Etag!), time.GetUtcNow(), cancellation)) return;
        RecordingId id = RecordingId.Parse(recording.Details.Id);
        await messages.SendAsync(new DeleteRecording { RecordingId = id }, TimeSpan.Zero, cancellation);
        await expiries.RemoveAsync(expiry, cancellation);
        ApiLog.RecordingExpired(log, id);
    }
}
