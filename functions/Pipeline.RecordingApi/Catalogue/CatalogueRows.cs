using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Catalogue;

/// <summary>
/// Rows of the catalogue, both ways. Partition: the recording; row keys <c>recording</c> and <c>segment-{set}-{number}</c>.
/// Partition <c>guild-{guildId}</c> lists a server's recordings, newest first: <c>{reversed ms}-{recordingId}</c>.
/// Partition <c>live</c> lists those that are not finished.
/// </summary>
internal static class CatalogueRows
{
    public const string RecordingKey = "recording";
    public const string AnySegment = "segment-";
    public const string LivePartition = "live";
    private const string Data = nameof(Data);

    /// <summary>Name of a set that is announced and not complete: this, and the list's own name.</summary>
    public const string AnnouncedSet = "batch";

    public const string AnnouncedSegment = AnySegment + AnnouncedSet;

    /// <summary>A row holds 1 MiB; the rest is for names of properties.</summary>
    public const int LongestDetails = 15 * ChunkedColumns.ChunkLength;

    // Unix ms of the year 9999 has 15 digits; counting down from here sorts newest first.
    private const long EndOfTime = 999_999_999_999_999;

    public static string SegmentPrefix(string set) => $"{AnySegment}{set}-";

    public static string SegmentRow(string set, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{SegmentPrefix(set)}{number:D8}");

    public static string GuildPartition(string guildId) => $"guild-{guildId}";

    public static string GuildRow(DateTimeOffset recordedAt, string recordingId) =>
        string.Create(CultureInfo.InvariantCulture, $"{EndOfTime - recordedAt.ToUnixTimeMilliseconds():D15}-{recordingId}");

    public static string RecordingOfGuildRow(string rowKey) => rowKey[16..];

    public static TableEntity Write(CatalogueRecording recording)
    {
        TableEntity row = new(recording.Details.Id, RecordingKey) { ["Status"] = recording.Details.Status.ToString() };
        if (recording.SegmentSet is { } set) row["SegmentSet"] = set;
        if (recording.BatchSet is { } batch) row["BatchSet"] = batch;
        ChunkedColumns.Write(row, Data, Pack(recording.Details));
        return row;
    }

    public static CatalogueRecording? Read(TableEntity row)
    {
        byte[] packed = ChunkedColumns.Read(row, Data);
        if (packed.Length == 0) return null;
        RecordingDetails? details = PackedJson.Unpack(packed, ApiJsonContext.Default.RecordingDetails);
        return details is null ? null
            : new CatalogueRecording(details, row.GetString("SegmentSet"), row.GetString("BatchSet"), row.ETag.ToString());
    }

    public static TableEntity WriteSegment(string recordingId, string set, int number, RecordingSegment segment) => new(
        recordingId, SegmentRow(set, number))
    {
        ["Json"] = JsonSerializer.SerializeToUtf8Bytes(segment, ApiJsonContext.Default.RecordingSegment),
    };

    public static RecordingSegment ReadSegment(TableEntity row) =>
        JsonSerializer.Deserialize(row.GetBinary("Json"), ApiJsonContext.Default.RecordingSegment)!;

    /// <summary>Bytes that a recording takes in its row.</summary>
    public static int LengthOf(RecordingDetails details) => Pack(details).Length;

    private static byte[] Pack(RecordingDetails details) => PackedJson.Pack(details, ApiJsonContext.Default.RecordingDetails);
}
