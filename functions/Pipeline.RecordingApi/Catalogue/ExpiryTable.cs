using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>
/// When recordings are to be deleted: partition <c>expiring</c>, rows <c>{unix ms in 15 digits}-{recordingId}</c>, soonest first. What
/// counts is the date in the recording's own row; a row here that says otherwise is an old one.
/// </summary>
public sealed class ExpiryTable(StorageClients clients)
{
    private const string Partition = "expiring";
    private const int DigitsOfTime = 15;

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    /// <summary>May be repeated.</summary>
    public Task AddAsync(string recordingId, DateTimeOffset at, CancellationToken cancellation) =>
        table.UpsertEntityAsync(new TableEntity(Partition, Key(at) + "-" + recordingId), TableUpdateMode.Merge, cancellation);

    /// <summary>Everything that is due before a moment, soonest first.</summary>
    public async IAsyncEnumerable<Expiry> ListAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string to = Key(before);
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey lt {to}");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            long at = long.Parse(row.RowKey[..DigitsOfTime], CultureInfo.InvariantCulture);
            yield return new Expiry(row.RowKey[(DigitsOfTime + 1)..], DateTimeOffset.FromUnixTimeMilliseconds(at),
                row.GetBoolean("IsTold") ?? false);
        }
    }

    /// <summary>People have been told that it is near.</summary>
    public Task MarkToldAsync(Expiry expiry, CancellationToken cancellation) => table.UpsertEntityAsync(
        new TableEntity(Partition, Key(expiry.At) + "-" + expiry.RecordingId) { ["IsTold"] = true }, TableUpdateMode.Merge, cancellation);

    public Task RemoveAsync(Expiry expiry, CancellationToken cancellation) =>
        table.DeleteEntityAsync(Partition, Key(expiry.At) + "-" + expiry.RecordingId, ETag.All, cancellation);

    private static string Key(DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, at.ToUnixTimeMilliseconds()):D15}");
}

/// <param name="At">To the millisecond.</param>
/// <param name="IsTold">People know that it is near.</param>
public sealed record Expiry(string RecordingId, DateTimeOffset At, bool IsTold)
{
    /// <summary>True where it is listed behind another one.</summary>
    public bool IsBehind(Expiry other) =>
        At > other.At || (At == other.At && string.CompareOrdinal(RecordingId, other.RecordingId) > 0);
}
