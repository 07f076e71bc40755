using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>
/// Share links, beside their recording in the catalogue: row key <c>share-{shareId}</c>. They outlive the recording, so that one who
/// holds one learns that it was deleted; they hold no name and no secret.
/// </summary>
public sealed class ShareTable(StorageClients clients)
{
    /// <summary>Every key of a link's row begins so.</summary>
    public const string RowPrefix = "share-";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    public async Task AddAsync(ShareLink link, CancellationToken cancellation) => await table.AddEntityAsync(Write(link), cancellation);

    /// <summary>The link as it is now, also when it is revoked or over; null where there never was one.</summary>
    public async Task<ShareLink?> FindAsync(string recordingId, string shareId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recordingId, RowPrefix + shareId,
            cancellationToken: cancellation);
        return row.HasValue ? Read(row.Value!) : null;
    }

    public async Task<List<ShareLink>> ListAsync(string recordingId, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recordingId, RowPrefix);
        List<ShareLink> links = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation)) links.Add(Read(row));
        return [.. links.OrderBy(link => link.CreatedAt)];
    }

    /// <summary>Ends a link; the time of the first revocation stays.</summary>
    public async Task RevokeAsync(ShareLink link, DateTimeOffset now, CancellationToken cancellation)
    {
        if (link.RevokedAt is not null) return;
        TableEntity change = new(link.RecordingId, RowPrefix + link.ShareId) { ["RevokedAt"] = now };
        await table.UpsertEntityAsync(change, TableUpdateMode.Merge, cancellation);
    }

    private static TableEntity Write(ShareLink link) => new(link.RecordingId, RowPrefix + link.ShareId)
    {
        ["SecretHash"] = link.SecretHash,
        ["TokenHash"] = link.TokenHash,
        ["Scopes"] = (int)link.Scopes,
        ["CreatedAt"] = link.CreatedAt,
        ["ExpiresAt"] = link.ExpiresAt,
    };

    private static ShareLink Read(TableEntity row) => new(
        row.PartitionKey,
        row.RowKey[RowPrefix.Length..],
        row.GetBinary("SecretHash") ?? [],
        row.GetBinary("TokenHash") ?? [],
        (ShareScopes)(row.GetInt32("Scopes") ?? 0),
        row.GetDateTimeOffset("CreatedAt") ?? default,
        row.GetDateTimeOffset("ExpiresAt") ?? default,
        row.GetDateTimeOffset("RevokedAt"));
}
