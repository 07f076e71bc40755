using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// What was rendered, one partition per recording: rows <c>w-{track}-{window}</c> for windows of a track (its user's id in 20 digits) or of
/// the <c>mix</c>, and <c>f-{file}</c> for files: JSON, gzipped where it is long. Partition <c>passing</c>: files that go at their time,
/// <c>{unix ms}-{recording}-{file}</c>.
/// </summary>
public sealed class RenderTable(StorageClients clients)
{
    public const string Mix = "mix";

    /// <summary>Partition of the files that are kept for a while only, by when they go.</summary>
    private const string Passing = "passing";

    private const string Json = nameof(Json);

    private static readonly string[] WithoutSound = ["PartitionKey", "RowKey", "Json0", "Json1", "Json2", "Json3"];

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.RendersTable);

    public static string TrackKey(ulong userId) => userId.ToString("D20", CultureInfo.InvariantCulture);

    /// <summary>All windows of a track or of the mix that are not silent; without peaks and energies unless these are asked for.</summary>
    public async Task<SortedDictionary<int,
        RenderRow>> ReadWindowsAsync(RecordingId recording, string track, bool withSound, CancellationToken cancellation, int from = 0,
        int to = 999_999)
    {
        string first = WindowKey(track, from), last = WindowKey(track, to);
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {recording.ToString()} and RowKey ge {first} and RowKey le {last}");
        SortedDictionary<int, RenderRow> rows = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: withSound ? null : WithoutSound,
            cancellationToken: cancellation))
        {
            int window = int.Parse(row.RowKey.AsSpan(row.RowKey.Length - 6), CultureInfo.InvariantCulture);
            rows[window] = Read(row, RenderJsonContext.Default.RenderRow)
                with
            { Peaks = row.GetBinary("Peaks") ?? [], Energies = row.GetBinary("Energies") ?? [] };
        }
        return rows;
    }

    public Task WriteWindowAsync(RecordingId recording, string track, int window, RenderRow row, CancellationToken cancellation) =>
        table.UpsertEntityAsync(Entity(recording, track, window, row), TableUpdateMode.Replace, cancellation);

    /// <summary>Writes a window and the parts of the one before it, both or neither.</summary>
    /// <param name="before">The peaks and energies that it has stay as they are.</param>
    public Task WritePairAsync(RecordingId recording, string track, int window, RenderRow row, RenderRow before,
        CancellationToken cancellation) => table.SubmitTransactionAsync(
    [
        new TableTransactionAction(TableTransactionActionType.UpsertMerge, Entity(recording, track, window - 1, before)),
        new TableTransactionAction(TableTransactionActionType.UpsertReplace, Entity(recording, track, window, row)),
    ], cancellation);

    /// <summary>Writes the parts of a window; the peaks and energies that it has stay as they are.</summary>
    public Task WritePartsAsync(RecordingId recording, string track, int window, RenderRow row, CancellationToken cancellation) =>
        table.UpsertEntityAsync(Entity(recording, track, window, row), TableUpdateMode.Merge, cancellation);

    /// <summary>A window that became silent has no row.</summary>
    public Task DeleteWindowAsync(RecordingId recording, string track, int window, CancellationToken cancellation) =>
        table.DeleteEntityAsync(recording.ToString(), WindowKey(track, window), ETag.All, cancellation);

    public async Task<(RenderJob? Job, ETag Version)> FindJobAsync(RecordingId recording, string file, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), FileKey(file),
            cancellationToken: cancellation);
        return row.HasValue ? (Read(row.Value!, RenderJsonContext.Default.RenderJob), row.Value!.ETag) : (null, default);
    }

    /// <summary>All whole files of a recording by their key; of their stretches there may be thousands.</summary>
    public async Task<Dictionary<string, RenderJob>> ReadJobsAsync(RecordingId recording, CancellationToken cancellation)
    {
        (string partition, string first, string cuts) = (recording.ToString(), FileKey(""), FileKey(Stretch.KeyPrefix));
        Dictionary<string, RenderJob> jobs = [];
        // Two queries: of an "or" the service reads all that lies between.
        await AddJobsAsync(jobs, RowFilter.Range(partition, first, cuts), cancellation);
        await AddJobsAsync(jobs, RowFilter.Range(partition, RowFilter.Behind(cuts), RowFilter.Behind(first)), cancellation);
        return jobs;
    }

    /// <summary>The files of one stretch of a recording by their key; null: the whole files.</summary>
    internal async Task<Dictionary<string, RenderJob>> ReadJobsAsync(RecordingId recording, Stretch? stretch,
        CancellationToken cancellation)
    {
        if (stretch is not { } cut) return await ReadJobsAsync(recording, cancellation);
        Dictionary<string, RenderJob> jobs = [];
        await AddJobsAsync(jobs, RowFilter.Prefix(recording.ToString(), FileKey(cut.KeyOf(""))), cancellation);
        return jobs;
    }

    private async Task AddJobsAsync(Dictionary<string, RenderJob> jobs, string filter, CancellationToken cancellation)
    {
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            jobs[row.RowKey[2..]] = Read(row, RenderJsonContext.Default.RenderJob);
    }

    /// <summary>Writes under the version that was read.</summary>
    /// <returns>The new version; null when somebody else wrote in between.</returns>
    public async Task<ETag?> TryWriteJobAsync(RecordingId recording, string file, RenderJob job, ETag version,
        CancellationToken cancellation)
    {
        TableEntity row = Entity(recording, FileKey(file), job, RenderJsonContext.Default.RenderJob);
        try
        {
            Response answer = version == default ? await table.AddEntityAsync(row, cancellation)
                : await table.UpdateEntityAsync(row, version, TableUpdateMode.Replace, cancellation);
            return answer.Headers.ETag;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 409 or 412)
        {
            return null;
        }
    }

    /// <summary>Deletes a file's row if it is as it was read; false when somebody else wrote in between.</summary>
    public async Task<bool> TryDeleteJobAsync(RecordingId recording, string file, ETag version, CancellationToken cancellation)
    {
        try
        {
            await table.DeleteEntityAsync(recording.ToString(), FileKey(file), version, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Deletes some of a recording's rows; repeating it is no fault.</summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public Task<int> DeleteSomeAsync(RecordingId recording, int most, CancellationToken cancellation) =>
        PartitionEraser.DeleteSomeAsync(table, recording.ToString(), isKept: null, most, cancellation);

    /// <summary>Notes that a file goes at its time.</summary>
    public Task ScheduleAsync(RecordingId recording, string file, DateTimeOffset due, CancellationToken cancellation) =>
        table.UpsertEntityAsync(new TableEntity(Passing, PassingKey(due, recording, file))
        {
            ["Recording"] = recording.ToString(),
            ["File"] = file,
        }, TableUpdateMode.Replace, cancellation);

    /// <summary>Files whose time has come.</summary>
    public async IAsyncEnumerable<PassingFile> ListDueAsync(DateTimeOffset now,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {Passing} and RowKey lt {DueKey(now)}");
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            yield return new PassingFile(row.RowKey, RecordingId.Parse(row.GetString("Recording")), row.GetString("File"));
    }

    public Task UnscheduleAsync(PassingFile file, CancellationToken cancellation) =>
        table.DeleteEntityAsync(Passing, file.Key, ETag.All, cancellation);

    private static string DueKey(DateTimeOffset due) => string.Create(CultureInfo.InvariantCulture, $"{due.ToUnixTimeMilliseconds():D15}");

    private static string PassingKey(DateTimeOffset due, RecordingId recording, string file) => $"{DueKey(due)}-{recording}-{file}";

    private static string WindowKey(string track, int window) => string.Create(CultureInfo.InvariantCulture, $"w-{track}-{window:D6}");

    private static string FileKey(string file) => $"f-{file}";

    private static TableEntity Entity(RecordingId recording, string track, int window, RenderRow row)
    {
        TableEntity entity = Entity(recording, WindowKey(track, window), row, RenderJsonContext.Default.RenderRow);
        if (row.Peaks.Length > 0) entity["Peaks"] = row.Peaks;
        if (row.Energies.Length > 0) entity["Energies"] = row.Energies;
        return entity;
    }

    // The parts of a week are 1.9 MB of JSON, most of it hashes in hex; a row holds 1 MiB.
    private static TableEntity Entity<T>(RecordingId recording, string rowKey, T value, JsonTypeInfo<T> type)
    {
        TableEntity row = new(recording.ToString(), rowKey);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        bool isLong = json.Length > ChunkedColumns.ChunkLength;
        ChunkedColumns.Write(row, Json, isLong ? PackedJson.Pack(value, type, CompressionLevel.Optimal) : json);
        return row;
    }

    private static T Read<T>(TableEntity row, JsonTypeInfo<T> type)
    {
        byte[] bytes = ChunkedColumns.Read(row, Json);
        return PackedJson.IsPacked(bytes) ? PackedJson.Unpack(bytes, type)! : JsonSerializer.Deserialize(bytes, type)!;
    }
}

/// <summary>A file that is kept for a while only.</summary>
/// <param name="Key">Of its row in the list.</param>
/// <param name="File">As in the rows of the recording's files.</param>
public sealed record PassingFile(string Key, RecordingId Recording, string File);
