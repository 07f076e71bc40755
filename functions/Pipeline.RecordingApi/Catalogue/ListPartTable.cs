using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>
/// Parts of long lists of segments, beside their recording in the catalogue: row key <c>part-{set}-{number}</c>. A part is claimed by its
/// hash, then its segments are written, then it is marked: a part that is marked is whole, and its content never changes.
/// </summary>
public sealed class ListPartTable(StorageClients clients, CatalogueTable catalogue)
{
    private const string Data = nameof(Data);
    private const string AnyPart = "part-";

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.CatalogueTable);

    /// <summary>Bytes that a part takes in its row, beside its segments.</summary>
    public static int LengthOf(ListPart part) => Pack(part).Length;

    /// <summary>Writes a part; repeating it is no fault.</summary>
    /// <returns>False where the list has a part of this number with other content.</returns>
    public async Task<bool> TryWriteAsync(string recordingId, string set, ListPart part, IReadOnlyList<RecordingSegment> segments,
        CancellationToken cancellation)
    {
        string key = Key(set, part.Number);
        ListPart? known = await FindAsync(recordingId, key, cancellation);
        if (known is null)
        {
            await AddAsync(recordingId, key, part, cancellation);
            known = await FindAsync(recordingId, key, cancellation) ?? part;
        }
        if (known.Hash != part.Hash || known.First != part.First) return false;
        if (known.IsWritten) return true;
        await catalogue.WriteSegmentsAsync(recordingId, set, segments, cancellation, part.First);
        TableEntity written = new(recordingId, key) { ["IsWritten"] = true };
        await table.UpsertEntityAsync(written, TableUpdateMode.Merge, cancellation);
        return true;
    }

    /// <summary>The parts of a list that are whole, by number.</summary>
    public async Task<List<ListPart>> ReadAsync(string recordingId, string set, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recordingId, Prefix(set));
        List<ListPart> parts = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            if (Read(row) is { IsWritten: true } part) parts.Add(part);
        return parts;
    }

    /// <summary>Forgets the parts of a list; its segments stay.</summary>
    public Task DeleteAsync(string recordingId, string set, CancellationToken cancellation) =>
        PartitionEraser.DeleteAsync(table, recordingId, key => key.StartsWith(Prefix(set), StringComparison.Ordinal), cancellation);

    /// <summary>Forgets every part that has segments of a person; who sends such a list is asked for it again.</summary>
    public async Task DeleteOfPersonAsync(string recordingId, string userId, CancellationToken cancellation)
    {
        string filter = RowFilter.Prefix(recordingId, AnyPart);
        HashSet<string> theirs = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            if (Read(row) is not { } part || part.Summary.Tracks.Any(track => track.UserId == userId)) theirs.Add(row.RowKey);
        if (theirs.Count > 0) await PartitionEraser.DeleteAsync(table, recordingId, theirs.Contains, cancellation);
    }

    private async Task AddAsync(string recordingId, string key, ListPart part, CancellationToken cancellation)
    {
        try
        {
            await table.AddEntityAsync(Write(recordingId, key, part), cancellation);
        }
        catch (RequestFailedException there) when (there.Status == 409)
        {
            // Another request was quicker; what it wrote is compared.
        }
    }

    private async Task<ListPart?> FindAsync(string recordingId, string key, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> row = await table.GetEntityIfExistsAsync<TableEntity>(recordingId, key,
            cancellationToken: cancellation);
        return row.HasValue ? Read(row.Value!) : null;
    }

    private static TableEntity Write(string recordingId, string key, ListPart part)
    {
        TableEntity row = new(recordingId, key)
        {
            ["Number"] = part.Number,
            ["Hash"] = part.Hash,
            ["First"] = part.First,
            ["IsWritten"] = part.IsWritten,
        };
        ChunkedColumns.Write(row, Data, Pack(part));
        return row;
    }

    private static byte[] Pack(ListPart part) => PackedJson.Pack(part.Summary, ListPartJsonContext.Default.ListPartSummary);

    private static ListPart? Read(TableEntity row)
    {
        byte[] packed = ChunkedColumns.Read(row, Data);
        // A mark that came behind a deletion stands alone.
        if (packed.Length == 0 || row.GetString("Hash") is not { } hash) return null;
        ListPartSummary summary = PackedJson.Unpack(packed, ListPartJsonContext.Default.ListPartSummary)!;
        return new ListPart(row.GetInt32("Number") ?? 0, hash, row.GetInt32("First") ?? 0, row.GetBoolean("IsWritten") == true, summary);
    }

    private static string Prefix(string set) => $"{AnyPart}{set}-";

    private static string Key(string set, int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix(set)}{number:D5}");
}

/// <summary>JSON of the summaries in the table.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListPartSummary))]
internal sealed partial class ListPartJsonContext : JsonSerializerContext;
