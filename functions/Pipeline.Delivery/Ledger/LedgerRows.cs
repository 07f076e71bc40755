using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Delivery.Ledger;

/// <summary>
/// Rows of the ledger table, both ways. Partition: the recording. Row keys: <c>recording</c>, <c>manifest</c>,
/// <c>segment-{userId}-{index}</c>, <c>fault-{userId}-{index}</c>, numbers padded so that they sort.
/// </summary>
internal static class LedgerRows
{
    public const string RecordingKey = LedgerPartitions.RecordingKey;
    public const string ManifestKey = LedgerPartitions.ManifestKey;
    public const string SegmentPrefix = MovedSegments.RowPrefix;
    public const string FaultPrefix = LedgerPartitions.FaultPrefix;

    public static string SegmentKey(SegmentKey key) => SegmentPrefix + Suffix(key);
    public static string FaultKey(SegmentKey key) => FaultPrefix + Suffix(key);

    public static TableEntity Write(LedgerRecording recording)
    {
        TableEntity row = new(recording.Session.RecordingId.ToString(), RecordingKey)
        {
            ["Session"] = JsonSerializer.Serialize(recording.Session, ContractsJsonContext.Default.SessionInfo),
            ["State"] = recording.State.ToString(),
            ["Flow"] = recording.Flow.ToString(),
            ["CreatedAt"] = recording.CreatedAt,
            ["ProgressCount"] = recording.ProgressCount,
            ["LookAttempt"] = recording.Ticket?.Attempt ?? 0,
            ["LookSent"] = recording.Ticket is { IsSent: true },
            [LedgerPartitions.FinalizedCountColumn] = recording.FinalizedCount,
        };
        if (recording.ApiRecordingId is { } id) row["ApiRecordingId"] = id;
        if (recording.StopSeenAt is { } stop) row["StopSeenAt"] = stop;
        if (recording.ProgressAt is { } progress) row["ProgressAt"] = progress;
        if (recording.Ticket is { } ticket) (row["LookDueAt"], row["LookToken"]) = (ticket.DueAt, ticket.Token);
        if (recording.FinalizedAt is { } end) row["FinalizedAt"] = end;
        if (recording.AnnouncedCount is { } announced) row[LedgerPartitions.AnnouncedCountColumn] = announced;
        return row;
    }

    public static LedgerRecording ReadRecording(TableEntity row) => new()
    {
        Session = JsonSerializer.Deserialize(row.GetString("Session"), ContractsJsonContext.Default.SessionInfo)!,
        State = Enum.Parse<RecordingState>(row.GetString("State")),
        Flow = Enum.Parse<UploadFlow>(row.GetString("Flow")),
        ApiRecordingId = row.GetString("ApiRecordingId"),
        CreatedAt = row.GetDateTimeOffset("CreatedAt")!.Value,
        StopSeenAt = row.GetDateTimeOffset("StopSeenAt"),
        ProgressAt = row.GetDateTimeOffset("ProgressAt"),
        ProgressCount = row.GetInt32("ProgressCount") ?? 0,
        Ticket = row.GetDateTimeOffset("LookDueAt") is not { } due ? null
            : new ReturnTicket(row.GetInt32("LookAttempt") ?? 0, row.GetString("LookToken") ?? "", due,
                row.GetBoolean("LookSent") ?? false),
        FinalizedAt = row.GetDateTimeOffset("FinalizedAt"),
        FinalizedCount = row.GetInt32(LedgerPartitions.FinalizedCountColumn) ?? 0,
        AnnouncedCount = row.GetInt32(LedgerPartitions.AnnouncedCountColumn),
        Etag = row.ETag.ToString(),
    };

    public static TableEntity Write(LedgerSegment segment)
    {
        TableEntity row = new(segment.Key.Recording.ToString(), SegmentKey(segment.Key))
        {
            ["UserId"] = segment.Key.UserId.ToString(CultureInfo.InvariantCulture),
            ["Index"] = segment.Key.Index,
            ["State"] = segment.State.ToString(),
            ["Username"] = segment.Username,
            ["BlobName"] = segment.BlobName,
            ["FileSize"] = segment.FileSize,
            ["ContentMd5"] = segment.ContentMd5,
            ["StartSample"] = segment.StartSample,
            ["SampleCount"] = segment.SampleCount,
            ["Channels"] = segment.Channels,
        };
        if (segment.BlobUrl is { } url) row["BlobUrl"] = url;
        return row;
    }

    public static LedgerSegment ReadSegment(TableEntity row) => new()
    {
        Key = ReadKey(row),
        State = Enum.Parse<SegmentState>(row.GetString("State")),
        Username = row.GetString("Username"),
        BlobName = row.GetString("BlobName"),
        BlobUrl = row.GetString("BlobUrl"),
        FileSize = row.GetInt64("FileSize")!.Value,
        ContentMd5 = row.GetString("ContentMd5"),
        StartSample = row.GetInt64("StartSample")!.Value,
        SampleCount = row.GetInt64("SampleCount")!.Value,
        Channels = row.GetInt32("Channels")!.Value,
    };

    public static TableEntity WriteFault(SegmentKey key, string reason) => new(key.Recording.ToString(), FaultKey(key))
    {
        ["UserId"] = key.UserId.ToString(CultureInfo.InvariantCulture),
        ["Index"] = key.Index,
        ["Reason"] = reason,
    };

    public static SegmentKey ReadKey(TableEntity row) => new(
        RecordingId.Parse(row.PartitionKey), ulong.Parse(row.GetString("UserId"), CultureInfo.InvariantCulture),
            row.GetInt32("Index")!.Value);

    public static ETag EtagOf(LedgerRecording recording) => recording.Etag is { } etag ? new ETag(etag) : default;

    private static string Suffix(SegmentKey key) => string.Create(CultureInfo.InvariantCulture, $"{key.UserId:D20}-{key.Index:D10}");
}
