using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>
/// What may be known of the ledger table without knowing its rows: one partition per recording, and a partition that lists
/// those that are not finalized. So the recording API can ask whether the pipeline looks after a recording, and delete its traces.
/// </summary>
public sealed class LedgerPartitions(StorageClients clients)
{
    /// <summary>Partition of the recordings that are not finalized; the row key is the recording.</summary>
    public const string Live = "live";

    /// <summary>Row key of what the ledger knows of the recording itself.</summary>
    public const string RecordingKey = "recording";

    /// <summary>Row key of the bot's last account.</summary>
    public const string ManifestKey = "manifest";

    /// <summary>Row key of a segment that cannot be moved: this, and as <see cref="MovedSegments.RowKey"/>.</summary>
    public const string FaultPrefix = "fault-";

    /// <summary>Row key of somebody who is erased from the recording: this, and the user's id.</summary>
    public const string ErasedPrefix = "erased-";

    /// <summary>When, in such a row.</summary>
    public const string ErasedAtColumn = "At";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.LedgerTable);

    /// <summary>True when a message of the pipeline ever spoke of this recording.</summary>
    public async Task<bool> HoldsAsync(RecordingId recording, CancellationToken cancellation) =>
        await IsThereAsync(Live, recording.ToString(), cancellation)
            || await IsThereAsync(recording.ToString(), RecordingKey, cancellation);

    /// <summary>Takes a recording from the list and deletes some rows of its partition; repeating it is no fault.</summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public async Task<int> DeleteSomeAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        await table.DeleteEntityAsync(Live, recording.ToString(), ETag.All, cancellation);
        return await PartitionEraser.DeleteSomeAsync(table, recording.ToString(), isKept: null, most, cancellation);
    }

    /// <summary>How many rows of segments the ledger has of a person, and their samples.</summary>
    public async Task<(int Segments, long Samples)> CountPersonAsync(RecordingId recording, ulong userId, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recording.ToString(), MovedSegments.RowPrefix + MovedSegments.PersonPart(userId));
        (int segments, long samples) = (0, 0);
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: ["SampleCount"], cancellationToken: cancellation))
            (segments, samples) = (segments + 1, samples + (row.GetInt64("SampleCount") ?? 0));
        return (segments, samples);
    }

    /// <summary>
    /// Tells the pipeline, where it looks after the recording, that it has nothing more to wait for of a person; repeating it is no fault.
    /// </summary>
    public async Task MarkErasedAsync(RecordingId recording, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!await HoldsAsync(recording, cancellation)) return;
        string key = string.Create(CultureInfo.InvariantCulture, $"{ErasedPrefix}{userId}");
        if (await IsThereAsync(recording.ToString(), key, cancellation)) return;
        TableEntity row = new(recording.ToString(), key) { [ErasedAtColumn] = now };
        await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellation);
    }

    /// <summary>Deletes what the ledger knows of a person in a recording; repeating it is no fault.</summary>
    /// <param name="withManifest">
    /// The bot's last account of the recording, which names the person, goes too: only where the recording is finished.
    /// </param>
    public Task DeletePersonAsync(RecordingId recording, ulong userId, bool withManifest, CancellationToken cancellation)
    {
        string person = MovedSegments.PersonPart(userId);
        return PartitionEraser.DeleteAsync(table, recording.ToString(), key =>
            key.StartsWith(MovedSegments.RowPrefix + person, StringComparison.Ordinal)
            || key.StartsWith(FaultPrefix + person, StringComparison.Ordinal) || (withManifest && key == ManifestKey), cancellation);
    }

    private async Task<bool> IsThereAsync(string partition, string row, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, select: ["RowKey"],
            cancellationToken: cancellation);
        return found.HasValue;
    }
}
