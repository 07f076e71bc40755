using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// What the catalogue keeps of recordings that are deleted. In place of the recording stands its tombstone, which keeps late segments from
/// bringing it back; partition <c>deleting</c> lists those that somebody still has to look at, with the number of the look that is due.
/// </summary>
public sealed class DeletionTable(StorageClients clients)
{
    private const string ListPartition = "deleting";
    private const string StatusName = "Status";
    private const string DeletingStatus = "Deleting";
    private const string DeletedStatus = "Deleted";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    /// <summary>The tombstone of a recording; null where there is none or the recording is whole.</summary>
    public async Task<Tombstone?> FindAsync(RecordingId recording, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(),
            CatalogueRows.RecordingKey, cancellationToken: cancellation);
        if (!found.HasValue || found.Value!.GetString(StatusName) is not (DeletingStatus or DeletedStatus)) return null;
        TableEntity row = found.Value;
        bool isDone = row.GetString(StatusName) == DeletedStatus;
        return new Tombstone(recording, isDone, row.GetString("GuildId"), row.GetString("ChannelId"), row.GetDateTimeOffset("RecordedAt"));
    }

    /// <summary>Replaces a recording by its tombstone: from here on nobody finds it, and it will be deleted whatever happens.</summary>
    /// <param name="version">The one that may be replaced; <see cref="ETag.All"/>: whatever is there.</param>
    /// <returns>False: it has changed since, or is gone, and stays as it is.</returns>
    public async Task<bool> TryBeginAsync(RecordingDetails details, ETag version, DateTimeOffset due, CancellationToken cancellation)
    {
        // The list comes first: an entry there whose recording is whole is passed over, a tombstone without one would never be found.
        await PutLookAsync(RecordingId.Parse(details.Id), due, goneAt: null, cancellation);
        TableEntity tombstone = new(details.Id, CatalogueRows.RecordingKey)
        {
            [StatusName] = DeletingStatus,
            ["GuildId"] = details.GuildId,
            ["RecordedAt"] = details.RecordedAt,
        };
        if (details.ChannelId is { } channel) tombstone["ChannelId"] = channel;
        try
        {
            await table.UpdateEntityAsync(tombstone, version, TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Lists a recording, whose tombstone says that it is gone, once more.</summary>
    public Task RelistAsync(RecordingId recording, DateTimeOffset now, CancellationToken cancellation) =>
        PutLookAsync(recording, now, goneAt: now, cancellation);

    /// <summary>
    /// Deletes some of a recording's rows; the tombstone stays, and its links do: who holds one is told that the recording was deleted.
    /// </summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public Task<int> DeleteRowsAsync(RecordingId recording, int most, CancellationToken cancellation) =>
        PartitionEraser.DeleteSomeAsync(table, recording.ToString(), static row =>
            row == CatalogueRows.RecordingKey || row.StartsWith(ShareTable.RowPrefix, StringComparison.Ordinal), most, cancellation);

    /// <summary>Deletes some of the rows that its text is made of.</summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public Task<int> DeleteTextsAsync(RecordingId recording, int most, CancellationToken cancellation) => PartitionEraser.DeleteSomeAsync(
        clients.Tables.GetTableClient(StorageNames.TranscriptsTable), recording.ToString(), isKept: null, most, cancellation);

    /// <summary>Takes a recording from its server's list and from the list of those that are not finished.</summary>
    public async Task UnlistAsync(Tombstone tombstone, CancellationToken cancellation)
    {
        string id = tombstone.Recording.ToString();
        await table.DeleteEntityAsync(CatalogueRows.LivePartition, id, ETag.All, cancellation);
        if (tombstone is not { GuildId: { } guild, RecordedAt: { } recordedAt }) return;
        await table.DeleteEntityAsync(CatalogueRows.GuildPartition(guild), CatalogueRows.GuildRow(recordedAt, id), ETag.All, cancellation);
    }

    /// <summary>Says that all is gone. Nothing but this word stays.</summary>
    public Task FinishAsync(RecordingId recording, CancellationToken cancellation) =>
        table.UpsertEntityAsync(new TableEntity(recording.ToString(), CatalogueRows.RecordingKey) { [StatusName] = DeletedStatus },
            TableUpdateMode.Replace, cancellation);

    /// <summary>The look that is due at a recording; null where none is.</summary>
    public async Task<DeletionLook?> FindLookAsync(RecordingId recording, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(ListPartition, recording.ToString(),
            cancellationToken: cancellation);
        return found.HasValue ? Read(found.Value!) : null;
    }

    /// <summary>All recordings that somebody still has to look at.</summary>
    public async IAsyncEnumerable<DeletionLook> ListLooksAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {ListPartition}");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation)) yield return Read(row);
    }

    /// <summary>Writes the next look in place of the one that was read; false when somebody else was quicker.</summary>
    public async Task<bool> TryMoveLookAsync(DeletionLook look, CancellationToken cancellation)
    {
        try
        {
            await table.UpdateEntityAsync(Write(look), new ETag(look.Etag), TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Nobody has to look at this recording again.</summary>
    public Task RemoveLookAsync(RecordingId recording, CancellationToken cancellation) =>
        table.DeleteEntityAsync(ListPartition, recording.ToString(), ETag.All, cancellation);

    private Task<Response> PutLookAsync(RecordingId recording, DateTimeOffset due, DateTimeOffset? goneAt,
        CancellationToken cancellation) =>
        table.UpsertEntityAsync(Write(new DeletionLook(recording, 0, due, goneAt, "")), TableUpdateMode.Replace, cancellation);

    private static TableEntity Write(DeletionLook look)
    {
        TableEntity row = new(ListPartition, look.Recording.ToString()) { ["Number"] = look.Number, ["DueAt"] = look.DueAt };
        if (look.GoneAt is { } gone) row["GoneAt"] = gone;
        return row;
    }

    private static DeletionLook Read(TableEntity row) => new(
        RecordingId.Parse(row.RowKey), row.GetInt32("Number")!.Value, row.GetDateTimeOffset("DueAt")
            ?? default, row.GetDateTimeOffset("GoneAt"), row.ETag.ToString());
}

/// <summary>What stands in a deleted recording's place.</summary>
/// <param name="IsDone">Nothing but this is left of it; the other fields are empty then.</param>
public sealed record Tombstone(RecordingId Recording, bool IsDone, string? GuildId, string? ChannelId, DateTimeOffset? RecordedAt);

/// <summary>When somebody looks at a deleted recording next.</summary>
/// <param name="Number">Counts the looks, so that a copy of an older message does nothing.</param>
/// <param name="GoneAt">When nothing was left; the look after that is the last.</param>
public sealed record DeletionLook(RecordingId Recording, int Number, DateTimeOffset DueAt, DateTimeOffset? GoneAt, string Etag);
