using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// People who are to be forgotten by a server, or by one recording: that is the scope. Partition <c>forgetting</c>: the row
/// <c>{scope}-{userId}</c> says how far it is, rows <c>{scope}-{userId}-{recordingId}</c> how much was there, written before it goes.
/// </summary>
public sealed class ForgetTable(StorageClients clients)
{
    private const string Partition = "forgetting";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    public async Task<ForgetState?> FindAsync(string scope, ulong userId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(Partition, Key(scope, userId),
            cancellationToken: cancellation);
        return found.HasValue ? Read(found.Value!) : null;
    }

    /// <summary>Begins at the first recording, unless somebody is at it already.</summary>
    /// <returns>What there is now.</returns>
    public async Task<ForgetState> BeginAsync(string scope, ulong userId, DateTimeOffset now, CancellationToken cancellation)
    {
        ForgetState next = new(scope, userId, now, Number: 0, DueAt: now, Cursor: null, IsLastRound: false, FinishedAt: null,
            IsOver: false, Etag: "");
        if (await FindAsync(scope, userId, cancellation) is { } before)
        {
            if (before.FinishedAt is null) return before;
            next = next with { Number = before.Number + 1 };
            await PartitionEraser.DeleteAsync(table, Partition, key =>
                key.StartsWith(Key(scope, userId) + "-", StringComparison.Ordinal), cancellation);
        }
        await table.UpsertEntityAsync(Write(next), TableUpdateMode.Replace, cancellation);
        return (await FindAsync(scope, userId, cancellation))!;
    }

    /// <summary>Writes the next state in place of the one that was read; false when somebody else was quicker.</summary>
    public async Task<bool> TryMoveAsync(ForgetState next, CancellationToken cancellation)
    {
        try
        {
            await table.UpdateEntityAsync(Write(next), new ETag(next.Etag), TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Notes how much of the person a recording held; the larger account stays.</summary>
    /// <param name="isNamed">The recording holds something of the person even where there are no segments.</param>
    /// <returns>It is not nothing.</returns>
    public async Task<bool> CountAsync(ForgetState state, RecordingId recording, int segments, long samples, CancellationToken cancellation,
        bool isNamed = false)
    {
        string key = $"{Key(state.Scope, state.UserId)}-{recording}";
        NullableResponse<TableEntity> before = await table.GetEntityIfExistsAsync<TableEntity>(Partition, key,
            cancellationToken: cancellation);
        if ((segments == 0 && !isNamed) || (before.HasValue && before.Value!.GetInt32("Segments") >= segments)) return before.HasValue;
        await table.UpsertEntityAsync(new TableEntity(Partition, key) { ["Segments"] = segments, ["Samples"] = samples },
            TableUpdateMode.Replace, cancellation);
        return true;
    }

    /// <summary>The state with the figures so far.</summary>
    public async Task<PersonErasure> DescribeAsync(ForgetState state, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(Partition, Key(state.Scope, state.UserId) + "-");
        (int recordings, int segments, long samples) = (0, 0, 0);
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
        {
            recordings++;
            segments += row.GetInt32("Segments")!.Value;
            samples += row.GetInt64("Samples")!.Value;
        }
        return new PersonErasure
        {
            UserId = state.UserId.ToString(CultureInfo.InvariantCulture),
            Status = state.FinishedAt is null ? PersonErasure.Erasing : PersonErasure.Erased,
            RequestedAt = state.RequestedAt,
            FinishedAt = state.FinishedAt,
            Recordings = recordings,
            Segments = segments,
            Samples = samples,
        };
    }

    /// <summary>All that are not over.</summary>
    public async IAsyncEnumerable<ForgetState> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        // Those that are over stay, and each has a row for every recording: the service leaves them out.
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and IsOpen eq true");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation)) yield return Read(row);
    }

    private static string Key(string scope, ulong userId) => string.Create(CultureInfo.InvariantCulture, $"{scope}-{userId}");

    private static TableEntity Write(ForgetState state)
    {
        TableEntity row = new(Partition, Key(state.Scope, state.UserId))
        {
            ["Scope"] = state.Scope,
            ["UserId"] = state.UserId.ToString(CultureInfo.InvariantCulture),
            ["RequestedAt"] = state.RequestedAt,
            ["Number"] = state.Number,
            ["DueAt"] = state.DueAt,
            ["IsLastRound"] = state.IsLastRound,
            ["IsOpen"] = !state.IsOver,
        };
        if (state.Cursor is { } cursor) row["Cursor"] = cursor;
        if (state.FinishedAt is { } end) row["FinishedAt"] = end;
        return row;
    }

    private static ForgetState Read(TableEntity row) => new(
        row.GetString("Scope"), ulong.Parse(row.GetString("UserId"), CultureInfo.InvariantCulture),
        row.GetDateTimeOffset("RequestedAt") ?? default, row.GetInt32("Number")!.Value, row.GetDateTimeOffset("DueAt") ?? default,
        row.GetString("Cursor"), row.GetBoolean("IsLastRound") ?? false, row.GetDateTimeOffset("FinishedAt"),
        IsOver: row.GetBoolean("IsOpen") is false, row.ETag.ToString());
}

/// <summary>How far one person's erasure is.</summary>
/// <param name="Scope">Id of the server, or of the recording.</param>
/// <param name="Number">Counts the messages, so that a copy of an older one does nothing.</param>
/// <param name="DueAt">When the next message is.</param>
/// <param name="Cursor">Where the list of recordings goes on; null: at its beginning.</param>
/// <param name="IsLastRound">The round that takes what was on its way during the first.</param>
/// <param name="FinishedAt">When the person was told as erased; a last look is still due then.</param>
/// <param name="IsOver">No message is due any more.</param>
public sealed record ForgetState(string Scope, ulong UserId, DateTimeOffset RequestedAt, int Number, DateTimeOffset DueAt, string? Cursor,
    bool IsLastRound, DateTimeOffset? FinishedAt, bool IsOver, string Etag);
