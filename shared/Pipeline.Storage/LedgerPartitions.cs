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

    private async Task<bool> IsThereAsync(string partition, string row, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(partition, row, select: ["RowKey"],
            cancellationToken: cancellation);
        return found.HasValue;
    }
}
