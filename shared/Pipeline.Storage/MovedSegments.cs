using System.Globalization;
using Azure.Data.Tables;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>
/// The ledger's rows of segments, for those who only read them: what of a recording lies in its final place while it still runs.
/// </summary>
public sealed class MovedSegments(StorageClients clients)
{
    /// <summary>Row key of a segment: this, the user's id in 20 digits, a hyphen, the index in 10 digits.</summary>
    public const string RowPrefix = "segment-";

    /// <summary>Value of the property State for a segment that has arrived.</summary>
    public const string MovedState = "Moved";

    private static readonly string[] Columns =
        ["PartitionKey", "RowKey", "UserId", "Index", "State", "Username", "BlobUrl", "FileSize", "StartSample", "SampleCount", "Channels"];

    private readonly TableClient table = clients.Tables.GetTableClient(StorageNames.LedgerTable);

    public static string RowKey(ulong userId, long index) =>
        string.Create(CultureInfo.InvariantCulture, $"{RowPrefix}{PersonPart(userId)}{index:D10}");

    /// <summary>What a key has of its person, between its kind and the segment's index.</summary>
    public static string PersonPart(ulong userId) => string.Create(CultureInfo.InvariantCulture, $"{userId:D20}-");

    /// <summary>
    /// Segments that have arrived, with row keys from <paramref name="from"/> (included) to <paramref name="to"/> (excluded).
    /// </summary>
    public async Task<List<MovedSegment>> ReadAsync(RecordingId recording, string from, string to, CancellationToken cancellation)
    {
        string filter = RowFilter.Range(recording.ToString(), from, to);
        List<MovedSegment> segments = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(filter, select: Columns, cancellationToken: cancellation))
        {
            if (row.GetString("State") == MovedState && row.GetString("BlobUrl") is { } url) segments.Add(Read(row, url));
        }
        return segments;
    }

    private static MovedSegment Read(TableEntity row, string url) => new(
        ulong.Parse(row.GetString("UserId"), CultureInfo.InvariantCulture),
        row.GetInt32("Index")!.Value,
        row.GetString("Username"),
        url,
        row.GetInt64("FileSize")!.Value,
        row.GetInt64("StartSample")!.Value,
        row.GetInt64("SampleCount")!.Value,
        row.GetInt32("Channels")!.Value);
}

/// <summary>A segment in its final place. Positions in samples at 48 kHz since the start of the recording.</summary>
/// <param name="BlobUrl">Without a right to read it.</param>
/// <param name="FileSize">Bytes.</param>
public sealed record MovedSegment(ulong UserId, int Index, string Username, string BlobUrl, long FileSize, long StartSample,
    long SampleCount, int Channels);
