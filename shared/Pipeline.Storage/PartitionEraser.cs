using Azure;
using Azure.Data.Tables;

namespace Pipeline.Storage;

/// <summary>Deletes many rows of one partition, a hundred per request.</summary>
public static class PartitionEraser
{
    /// <summary>Entity group transactions hold at most 100 operations of one partition.</summary>
    public const int BatchLength = 100;

    /// <summary>Deletes the rows whose key matches; rows that are gone already are no fault.</summary>
    public static async Task DeleteAsync(TableClient table, string partition, Func<string, bool> rowKeyMatches,
        CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}");
        List<TableEntity> rows = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"],
            cancellationToken: cancellation))
        {
            if (rowKeyMatches(row.RowKey)) rows.Add(row);
        }
        foreach (TableEntity[] batch in rows.Chunk(BatchLength)) await DeleteBatchAsync(table, batch, cancellation);
    }

    /// <summary>Deletes some rows of those that nobody keeps; rows that are gone already are no fault.</summary>
    /// <param name="isKept">By row key; null: no row is.</param>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public static async Task<int> DeleteSomeAsync(TableClient table, string partition, Func<string, bool>? isKept, int most,
        CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}");
        List<TableEntity> rows = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"],
            cancellationToken: cancellation))
        {
            if (isKept?.Invoke(row.RowKey) != true) rows.Add(row);
            if (rows.Count == most) break;
        }
        foreach (TableEntity[] batch in rows.Chunk(BatchLength)) await DeleteBatchAsync(table, batch, cancellation);
        return rows.Count;
    }

    private static async Task DeleteBatchAsync(TableClient table, TableEntity[] batch, CancellationToken cancellation)
    {
        try
        {
            await table.SubmitTransactionAsync(
                batch.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All)), cancellation);
        }
        catch (RequestFailedException gone) when (gone.Status == 404)
        {
            // Somebody deletes the same rows: a batch stands or falls as one, so go row by row.
            foreach (TableEntity row in batch) await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellation);
        }
    }
}
