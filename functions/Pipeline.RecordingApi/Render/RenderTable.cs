using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// What was rendered, one partition per recording: rows <c>w-{track}-{window}</c> for windows of a track (its user's id in 20 digits) or of
/// the <c>mix</c>, and <c>f-{file}</c> for files.
/// </summary>
public sealed class RenderTable(StorageClients clients)
{
    public const string Mix = "mix";
    private const int ChunkLength = 60 * 1024;
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

    public Task WriteWindowAsync(RecordingId recording, string track, int window, RenderRow row, CancellationToken cancellation)
    {
        TableEntity entity = Entity(recording, WindowKey(track, window),
            JsonSerializer.SerializeToUtf8Bytes(row, RenderJsonContext.Default.RenderRow));
        if (row.Peaks.Length > 0) entity["Peaks"] = row.Peaks;
        if (row.Energies.Length > 0) entity["Energies"] = row.Energies;
        return table.UpsertEntityAsync(entity, TableUpdateMode.Replace, cancellation);
    }

    /// <summary>A window that became silent has no row.</summary>
    public Task DeleteWindowAsync(RecordingId recording, string track, int window, CancellationToken cancellation) =>
        table.DeleteEntityAsync(recording.ToString(), WindowKey(track, window), ETag.All, cancellation);

    public async Task<(RenderJob? Job, ETag Version)> FindJobAsync(RecordingId recording, string file, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recording.ToString(), FileKey(file),
            cancellationToken: cancellation);
        return row.HasValue ? (Read(row.Value!, RenderJsonContext.Default.RenderJob), row.Value!.ETag) : (null, default);
    }

    /// <summary>All files of a recording by their key.</summary>
    public async Task<Dictionary<string, RenderJob>> ReadJobsAsync(RecordingId recording, CancellationToken cancellation)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {recording.ToString()} and RowKey ge {"f-"} and RowKey lt {"f."}");
        Dictionary<string, RenderJob> jobs = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            jobs[row.RowKey[2..]] = Read(row, RenderJsonContext.Default.RenderJob);
        return jobs;
    }

    /// <summary>Writes under the version that was read; false when somebody else wrote in between.</summary>
    public async Task<bool> TryWriteJobAsync(RecordingId recording, string file, RenderJob job, ETag version,
        CancellationToken cancellation)
    {
        TableEntity row = Entity(recording, FileKey(file), JsonSerializer.SerializeToUtf8Bytes(job, RenderJsonContext.Default.RenderJob));
        try
        {
            if (version == default) await table.AddEntityAsync(row, cancellation);
            else await table.UpdateEntityAsync(row, version, TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    public Task DeleteAsync(RecordingId recording, CancellationToken cancellation) =>
        PartitionEraser.DeleteAsync(table, recording.ToString(), row => true, cancellation);

    private static string WindowKey(string track, int window) => string.Create(CultureInfo.InvariantCulture, $"w-{track}-{window:D6}");

    private static string FileKey(string file) => $"f-{file}";

    private static TableEntity Entity(RecordingId recording, string rowKey, byte[] json)
    {
        TableEntity row = new(recording.ToString(), rowKey);
        for (int start = 0; start < json.Length; start += ChunkLength)
        {
            row[string.Create(CultureInfo.InvariantCulture, $"Json{start / ChunkLength}")] = json.AsSpan(start,
                Math.Min(ChunkLength, json.Length - start)).ToArray();
        }
        return row;
    }

    private static T Read<T>(TableEntity row, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        using MemoryStream json = new();
        for (int chunk = 0; row.GetBinary(string.Create(CultureInfo.InvariantCulture, $"Json{chunk}")) is { } bytes; chunk++)
            json.Write(bytes);
        return JsonSerializer.Deserialize(json.GetBuffer().AsSpan(0, (int)json.Length), type)!;
    }
}
