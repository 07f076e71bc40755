using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>
/// Who is erased from a recording: rows <c>erased-{userId}</c> of its partition. From the moment such a row stands, nothing of that person
/// is taken or shown any more, whatever still comes.
/// </summary>
public sealed class ErasedPeople(StorageClients clients)
{
    private const string Prefix = "erased-";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    /// <summary>Empty for nearly every recording.</summary>
    public async Task<IReadOnlySet<ulong>> OfAsync(RecordingId recording, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recording.ToString(), Prefix);
        HashSet<ulong> people = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"],
            cancellationToken: cancellation))
        {
            people.Add(ulong.Parse(row.RowKey[Prefix.Length..], CultureInfo.InvariantCulture));
        }
        return people;
    }

    public async Task<bool> HoldsAsync(RecordingId recording, ulong userId, CancellationToken cancellation) =>
        (await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), Key(userId), select: ["RowKey"],
            cancellationToken: cancellation)).HasValue;

    /// <summary>May be repeated.</summary>
    public Task AddAsync(RecordingId recording, ulong userId, CancellationToken cancellation) =>
        table.UpsertEntityAsync(new TableEntity(recording.ToString(), Key(userId)), TableUpdateMode.Merge, cancellation);

    private static string Key(ulong userId) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{userId}");
}
