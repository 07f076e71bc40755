using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Events;

/// <summary>
/// The outbox. Partition <c>id</c> has one row per event id and makes it unique; partition <c>log</c> has the events in the order in which
/// they were written, <c>{ms:D15}-{id}</c>, each with a mark that says whether its deliveries were put into the queue.
/// </summary>
public sealed class EventTable(StorageClients clients, TimeProvider time)
{
    private const string IdPartition = "id";
    private const string LogPartition = "log";

    /// <summary>
    /// A reader sees events only when they are this old, so that one written by an instance whose clock is behind, or a moment later than
    /// its place says, is not passed over.
    /// </summary>
    public static readonly TimeSpan ReadAfter = TimeSpan.FromSeconds(5);

    // A first try that ended between the two rows left a place in the log that readers may have passed already.
    private static readonly TimeSpan PlaceHolds = TimeSpan.FromSeconds(3);

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.EventsTable);

    /// <summary>Writes an event once per id. Repeating it finds the first one.</summary>
    /// <returns>The event as it is stored, and whether its deliveries still have to be queued.</returns>
    public async Task<StoredEvent> AddAsync(string id, string type, EventData data, CancellationToken cancellation)
    {
        for (; ; )
        {
            NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(IdPartition, id,
                cancellationToken: cancellation);
            if (!found.HasValue)
            {
                TableEntity place = new(IdPartition, id) { ["At"] = time.GetUtcNow() };
                try
                {
                    await table.AddEntityAsync(place, cancellation);
                }
                catch (RequestFailedException there) when (there.Status == 409)
                {
                    // Somebody else tells the same; theirs counts.
                }
                continue;
            }
            DateTimeOffset at = found.Value!.GetDateTimeOffset("At")!.Value;
            NullableResponse<TableEntity> logged = await table.GetEntityIfExistsAsync<TableEntity>(LogPartition, LogRow(at, id),
                cancellationToken: cancellation);
            if (logged.HasValue) return Read(logged.Value!);
            if (time.GetUtcNow() - at > PlaceHolds && !await MovePlaceAsync(found.Value, cancellation)) continue;
            await LogAsync(found.Value!.GetDateTimeOffset("At")!.Value, id, type, data, cancellation);
        }
    }

    /// <summary>Notes that an event's deliveries are in the queue.</summary>
    public Task MarkQueuedAsync(StoredEvent stored, CancellationToken cancellation) =>
        table.UpsertEntityAsync(new TableEntity(LogPartition, stored.Place) { ["Queued"] = true }, TableUpdateMode.Merge, cancellation);

    /// <summary>The event of an id; null where there is none.</summary>
    public async Task<PipelineEvent?> FindAsync(string id, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(IdPartition, id,
            cancellationToken: cancellation);
        if (!found.HasValue) return null;
        string place = LogRow(found.Value!.GetDateTimeOffset("At")!.Value, id);
        NullableResponse<TableEntity> logged = await table.GetEntityIfExistsAsync<TableEntity>(LogPartition, place,
            cancellationToken: cancellation);
        return logged.HasValue ? Read(logged.Value!).Event : null;
    }

    /// <summary>Events behind a place, oldest first.</summary>
    /// <param name="after">A place, or null for the beginning.</param>
    public async Task<List<StoredEvent>> ReadAsync(string? after, int limit, CancellationToken cancellation)
    {
        string end = LogRow(time.GetUtcNow() - ReadAfter, "");
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {LogPartition} and RowKey gt {after ?? ""} and RowKey lt {end}");
        return await QueryAsync(filter, limit, cancellation);
    }

    /// <summary>Events of which nobody has said that their deliveries are in the queue: their writer has ended in between.</summary>
    public Task<List<StoredEvent>> ReadUnqueuedAsync(int limit, CancellationToken cancellation)
    {
        string end = LogRow(time.GetUtcNow() - TimeSpan.FromMinutes(1), "");
        return QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {LogPartition} and RowKey lt {end} and Queued eq false"), limit,
            cancellation);
    }

    /// <summary>
    /// Takes the names of files, which are people's, out of what was told of a recording; repeating it is no fault. Who is told from then
    /// on hears the rest.
    /// </summary>
    public async Task ForgetFilesAsync(string recordingId, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(IdPartition, $"evt_{EventTypes.FilesReady}_{recordingId}_");
        await foreach (TableEntity place in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            if (await FindAsync(place.RowKey, cancellation) is not { Data.Files: not null } told) continue;
            PipelineEvent rest = told with { Data = told.Data with { Files = null } };
            TableEntity row = new(LogPartition, LogRow(place.GetDateTimeOffset("At")!.Value, place.RowKey))
            {
                ["Json"] = JsonSerializer.SerializeToUtf8Bytes(rest, EventJsonContext.Default.PipelineEvent),
            };
            try
            {
                await table.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Merge, cancellation);
            }
            catch (RequestFailedException gone) when (gone.Status == 404)
            {
                // Older than the log keeps.
            }
        }
    }

    /// <summary>Deletes what is older than the log keeps.</summary>
    public async Task DeleteBeforeAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {LogPartition} and RowKey lt {LogRow(before, "")}");
        foreach (StoredEvent old in await QueryAsync(filter, 1_000, cancellation))
        {
            await table.DeleteEntityAsync(IdPartition, old.Event.Id, ETag.All, cancellation);
            await table.DeleteEntityAsync(LogPartition, old.Place, ETag.All, cancellation);
        }
    }

    /// <summary>True for what <see cref="ReadAsync"/> takes as a place: fifteen digits, a hyphen, an event's id.</summary>
    public static bool IsPlace(string text) =>
        text.Length is > 16 and < 200 && text[15] == '-' && text[..15].All(char.IsAsciiDigit) && text[16..].All(EventOutbox.IsOfId);

    private async Task<List<StoredEvent>> QueryAsync(string filter, int limit, CancellationToken cancellation)
    {
        List<StoredEvent> found = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, maxPerPage: limit, cancellationToken: cancellation))
        {
            found.Add(Read(row));
            if (found.Count == limit) break;
        }
        return found;
    }

    /// <summary>Gives an event that never came into the log a place of now; false when somebody else has done so.</summary>
    private async Task<bool> MovePlaceAsync(TableEntity place, CancellationToken cancellation)
    {
        place["At"] = time.GetUtcNow();
        try
        {
            await table.UpdateEntityAsync(place, place.ETag, TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    private async Task LogAsync(DateTimeOffset at, string id, string type, EventData data, CancellationToken cancellation)
    {
        PipelineEvent told = new() { Id = id, Type = type, Timestamp = at, Data = data };
        TableEntity row = new(LogPartition, LogRow(at, id))
        {
            ["Json"] = JsonSerializer.SerializeToUtf8Bytes(told, EventJsonContext.Default.PipelineEvent),
            ["Queued"] = false,
        };
        try
        {
            await table.AddEntityAsync(row, cancellation);
        }
        catch (RequestFailedException there) when (there.Status == 409)
        {
            // Written by somebody else in between, with the same content.
        }
    }

    private static StoredEvent Read(TableEntity row) => new(
        JsonSerializer.Deserialize(row.GetBinary("Json"), EventJsonContext.Default.PipelineEvent)!, row.RowKey,
            row.GetBoolean("Queued") == true);

    private static string LogRow(DateTimeOffset at, string id) =>
        string.Create(CultureInfo.InvariantCulture, $"{at.ToUnixTimeMilliseconds():D15}-{id}");
}

/// <summary>An event with its place in the log.</summary>
/// <param name="Place">What a reader gives as <c>after</c>.</param>
/// <param name="IsQueued">Its deliveries are in the queue.</param>
public sealed record StoredEvent(PipelineEvent Event, string Place, bool IsQueued);
