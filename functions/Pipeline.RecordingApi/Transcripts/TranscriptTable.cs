using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// Text of recordings, one partition each: <c>s-{user}-{start}</c> a stretch, <c>t-{user}</c> a track, <c>head</c> the whole. Stretches of
/// a track are planned under its row's version, so that two workers never plan one twice; every change of text gives the head another
/// stamp in the same transaction.
/// </summary>
public sealed class TranscriptTable(StorageClients clients, TimeProvider time)
{
    private const string HeadKey = "head";
    private const string AnyStretch = "s-";
    private const string Json = nameof(Json);
    private const int LargestTransaction = 100; // Azure Tables: entity group transactions
    private const int LargestText = 768 * 1024; // a row has 1 MiB, and other properties
    private static readonly string[] WithoutText =
        ["PartitionKey", "RowKey", "Plan", "State", "Attempts", "DueAt", "ClaimedUntil", "Reason"];

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.TranscriptsTable);

    /// <summary>How many stretches one <see cref="TryPlanAsync"/> takes, added and removed together.</summary>
    public static int MostAtOnce => LargestTransaction - 2;

    /// <summary>True where a row has room for it.</summary>
    public static bool Holds(StretchText text) => JsonOf(text).Length <= LargestText;

    /// <summary>What is known of the whole; null where no stretch was ever planned.</summary>
    public async Task<TranscriptHead?> FindHeadAsync(RecordingId recording, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), HeadKey,
            cancellationToken: cancellation);
        return !row.HasValue ? null : new TranscriptHead(row.Value!.GetString("Stamp"), row.Value.GetString("Written"),
            row.Value.GetBoolean("IsComplete") == true, row.Value.GetBoolean("IsOverBudget") == true, row.Value.ETag.ToString());
    }

    /// <summary>All stretches of a recording by user and start.</summary>
    public async Task<List<StretchRow>> ReadAsync(RecordingId recording, bool withText, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recording.ToString(), AnyStretch);
        List<StretchRow> rows = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: withText ? null : WithoutText,
            cancellationToken: cancellation)) rows.Add(Read(row));
        return rows;
    }

    public async Task<TrackRow> FindTrackAsync(RecordingId recording, ulong userId, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), TrackKey(userId),
            cancellationToken: cancellation);
        return row.HasValue ? new TrackRow(row.Value!.GetDateTimeOffset("LookAt"), row.Value.ETag.ToString()) : new TrackRow(null, null);
    }

    /// <summary>Adds and removes stretches of one track; false where somebody else has planned it meanwhile.</summary>
    public async Task<bool> TryPlanAsync(RecordingId recording, ulong userId, TrackRow before, IReadOnlyList<Stretch> added,
        IReadOnlyList<StretchRow> removed, CancellationToken cancellation)
    {
        TableEntity track = new(recording.ToString(), TrackKey(userId));
        if (before.LookAt is { } look) track["LookAt"] = look;
        List<TableTransactionAction> actions =
        [
            before.Etag is null ? new(TableTransactionActionType.Add, track)
                : new(TableTransactionActionType.UpdateReplace, track, new ETag(before.Etag)),
            Stamp(recording, $"p-{userId}"),
            .. added.Select(stretch => new TableTransactionAction(TableTransactionActionType.Add,
                Write(recording, new StretchRow(stretch, StretchState.Waiting, "")))),
            .. removed.Select(row => new TableTransactionAction(TableTransactionActionType.Delete,
                new TableEntity(recording.ToString(), RowKey(row.Stretch)), new ETag(row.Etag))),
        ];
        return await TryAsync(actions, cancellation);
    }

    /// <summary>Notes that somebody looks at the track again then; false where somebody else has written it meanwhile.</summary>
    public Task<bool> TryNoteLookAsync(RecordingId recording, ulong userId, TrackRow before, DateTimeOffset at,
        CancellationToken cancellation)
    {
        TableEntity track = new(recording.ToString(), TrackKey(userId)) { ["LookAt"] = at };
        TableTransactionAction write = before.Etag is null ? new(TableTransactionActionType.Add, track)
            : new(TableTransactionActionType.UpdateReplace, track, new ETag(before.Etag));
        return TryAsync([write], cancellation);
    }

    /// <summary>Takes a stretch for one try.</summary>
    /// <returns>The row as it is now; null where somebody else was quicker or it is gone.</returns>
    public async Task<StretchRow?> TryClaimAsync(RecordingId recording, StretchRow row, DateTimeOffset until,
        CancellationToken cancellation)
    {
        StretchRow claimed = row with { ClaimedUntil = until, Attempts = row.Attempts + 1 };
        try
        {
            Response answer = await table.UpdateEntityAsync(Write(recording, claimed), new ETag(row.Etag), TableUpdateMode.Replace,
                cancellation);
            return claimed with { Etag = answer.Headers.ETag?.ToString() ?? "" };
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return null;
        }
    }

    /// <summary>Writes what came of a try; nothing where the stretch was removed or taken by somebody else meanwhile.</summary>
    public Task<bool> TryFinishAsync(RecordingId recording, StretchRow row, CancellationToken cancellation) => TryAsync(
        [
            new(TableTransactionActionType.UpdateReplace, Write(recording, row), new ETag(row.Etag)),
            Stamp(recording, $"{row.State}-{RowKey(row.Stretch)}"),
        ], cancellation);

    /// <summary>Says that nothing more is to come, until the next change.</summary>
    /// <param name="isOverBudget">Whether talk was left out for its length.</param>
    public Task CompleteAsync(RecordingId recording, bool isOverBudget, CancellationToken cancellation) => MergeHeadAsync(recording,
        head => (head["Stamp"], head["IsComplete"], head["IsOverBudget"]) = (NewStamp("c"), true, isOverBudget), cancellation);

    /// <summary>Notes that the files are made of what this head stands for; false where it has changed since, or is gone.</summary>
    public async Task<bool> TryNoteWrittenAsync(RecordingId recording, TranscriptHead head, CancellationToken cancellation)
    {
        TableEntity row = new(recording.ToString(), HeadKey) { ["Written"] = head.Stamp };
        return await TryAsync([new(TableTransactionActionType.UpdateMerge, row, new ETag(head.Etag))], cancellation);
    }

    public Task NoteBudgetAsync(RecordingId recording, CancellationToken cancellation) => MergeHeadAsync(recording,
        head => head["IsOverBudget"] = true, cancellation);

    /// <summary>Deletes all text of a recording; repeating it is no fault.</summary>
    public Task DeleteAsync(RecordingId recording, CancellationToken cancellation) =>
        PartitionEraser.DeleteAsync(table, recording.ToString(), row => true, cancellation);

    /// <summary>
    /// Deletes one person's text, and all that is said of text where nobody else has any; repeating it is no fault. What was sent of it
    /// meanwhile finds no row for its answer.
    /// </summary>
    public async Task DeletePersonAsync(RecordingId recording, ulong userId, CancellationToken cancellation)
    {
        string track = TrackKey(userId), own = StretchPrefix(userId);
        // The head last: files that were written of what was there before are known as old ones.
        await PartitionEraser.DeleteAsync(table, recording.ToString(), key =>
            key == track || key.StartsWith(own, StringComparison.Ordinal), cancellation);
        if ((await ReadAsync(recording, withText: false, cancellation)).Count == 0) await DeleteAsync(recording, cancellation);
        else await MergeHeadAsync(recording, head => head["Stamp"] = NewStamp($"e-{userId}"), cancellation);
    }

    private async Task MergeHeadAsync(RecordingId recording, Action<TableEntity> change, CancellationToken cancellation)
    {
        TableEntity head = new(recording.ToString(), HeadKey);
        change(head);
        try
        {
            await table.UpdateEntityAsync(head, ETag.All, TableUpdateMode.Merge, cancellation);
        }
        catch (RequestFailedException gone) when (gone.Status == 404)
        {
            // Deleted meanwhile: nothing of it comes back.
        }
    }

    private async Task<bool> TryAsync(List<TableTransactionAction> actions, CancellationToken cancellation)
    {
        try
        {
            await table.SubmitTransactionAsync(actions, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    private TableTransactionAction Stamp(RecordingId recording, string what) => new(TableTransactionActionType.UpsertMerge,
        new TableEntity(recording.ToString(), HeadKey) { ["Stamp"] = NewStamp(what), ["IsComplete"] = false });

    // Another one for every change: what changed, and when.
    private string NewStamp(string what) => string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcTicks}-{what}");

    private static TableEntity Write(RecordingId recording, StretchRow row)
    {
        TableEntity entity = new(recording.ToString(), RowKey(row.Stretch))
        {
            ["Plan"] = JsonSerializer.SerializeToUtf8Bytes(row.Stretch, StretchJsonContext.Default.Stretch),
            ["State"] = row.State.ToString(),
            ["Attempts"] = row.Attempts,
        };
        if (row.DueAt is { } due) entity["DueAt"] = due;
        if (row.ClaimedUntil is { } until) entity["ClaimedUntil"] = until;
        if (row.Reason is { } reason) entity["Reason"] = reason;
        if (row.Text is null) return entity;
        ChunkedColumns.Write(entity, Json, JsonOf(row.Text));
        return entity;
    }

    private static StretchRow Read(TableEntity row)
    {
        byte[] json = ChunkedColumns.Read(row, Json);
        return new StretchRow(JsonSerializer.Deserialize(row.GetBinary("Plan"), StretchJsonContext.Default.Stretch)!,
            Enum.Parse<StretchState>(row.GetString("State")), row.ETag.ToString())
        {
            Attempts = row.GetInt32("Attempts") ?? 0,
            DueAt = row.GetDateTimeOffset("DueAt"),
            ClaimedUntil = row.GetDateTimeOffset("ClaimedUntil"),
            Reason = row.GetString("Reason"),
            Text = json.Length == 0 ? null : JsonSerializer.Deserialize(json, StretchJsonContext.Default.StretchText),
        };
    }

    private static byte[] JsonOf(StretchText text) => JsonSerializer.SerializeToUtf8Bytes(text, StretchJsonContext.Default.StretchText);

    private static string StretchPrefix(ulong userId) => string.Create(CultureInfo.InvariantCulture, $"{AnyStretch}{userId:D20}-");

    private static string RowKey(Stretch stretch) =>
        string.Create(CultureInfo.InvariantCulture, $"{StretchPrefix(stretch.UserId)}{stretch.Start:D12}");

    private static string TrackKey(ulong userId) => string.Create(CultureInfo.InvariantCulture, $"t-{userId:D20}");
}

/// <summary>What is known of a recording's text as a whole.</summary>
/// <param name="Stamp">Another one after every change.</param>
/// <param name="Written">The stamp of which the files were made; null where there are none.</param>
public sealed record TranscriptHead(string Stamp, string? Written, bool IsComplete, bool IsOverBudget, string Etag);

/// <summary>The row of a track.</summary>
/// <param name="LookAt">When somebody looks at it again, as far as was noted.</param>
/// <param name="Etag">Null: there is no row.</param>
public sealed record TrackRow(DateTimeOffset? LookAt, string? Etag);
