using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// What the storage has of one person in one recording, beside the catalogue: files, rows of the ledger, notes for the owner.
/// </summary>
public sealed class PersonTraces(RecordingsContainer container, TempContainer temp, LedgerPartitions ledger, Reports reports)
{
    /// <inheritdoc cref="LedgerPartitions.MarkErasedAsync"/>
    public Task MarkAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation) =>
        ledger.MarkErasedAsync(recording, userId, now, cancellation);

    /// <summary>How many segments the ledger has, and their samples.</summary>
    public Task<(int Segments, long Samples)> CountAsync(RecordingId recording, ulong userId, CancellationToken cancellation) =>
        ledger.CountPersonAsync(recording, userId, cancellation);

    /// <summary>Deletes all of it; repeating it is no fault. Rows of the ledger go last: they are what is counted.</summary>
    public async Task DeleteAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        await container.DeletePersonAsync(recording, userId, cancellation);
        await foreach (TempBlob blob in temp.ListAsync($"{recording}/{userId.ToString(CultureInfo.InvariantCulture)}", cancellation))
        {
            bool isTheirs = BlobPaths.TryParseSegment(blob.Name, out SegmentKey key) && key.UserId == userId;
            if (isTheirs) await temp.DeleteAsync(blob, cancellation);
        }
        await reports.DeletePersonAsync(recording, userId, cancellation);
        await ledger.DeletePersonAsync(recording, userId, now, cancellation);
    }
}
