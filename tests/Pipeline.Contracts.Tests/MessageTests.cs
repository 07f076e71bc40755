using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pipeline.Contracts.Tests;

public sealed class MessageTests
{
    // The Functions host writes a message's own fields over its metadata, so these names would hide what the host says.
    private static readonly string[] Forbidden = ["id", "dequeueCount", "popReceipt", "insertionTime", "expirationTime", "nextVisibleTime",
        "sys"];

    public static TheoryData<string> Types =>
        [nameof(RecordingStarted), nameof(SegmentReady), nameof(RecordingStopped), nameof(SessionManifest)];

    [Theory]
    [MemberData(nameof(Types))]
    public void No_field_hides_the_host_s_metadata(string type)
    {
        using JsonDocument message = JsonDocument.Parse(Json(type));
        Assert.Empty(message.RootElement.EnumerateObject().Select(field => field.Name)
            .Intersect(Forbidden, StringComparer.OrdinalIgnoreCase));
        JsonTypeInfo info = ContractsJsonContext.Default.GetTypeInfo(typeof(SegmentReady).Assembly.GetType($"Pipeline.Contracts.{type}")!)!;
        Assert.Empty(info.Properties.Select(property => property.Name).Intersect(Forbidden, StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Message_is_versioned_and_reads_back(string type)
    {
        string json = Json(type);
        Assert.StartsWith("{\"version\":1,", json, StringComparison.Ordinal);
        Assert.Equal(json, Again(type, json));
    }

    [Fact]
    public void Ids_of_discord_are_text_and_are_read_from_numbers_too()
    {
        using JsonDocument message = JsonDocument.Parse(Json(nameof(SegmentReady)));
        Assert.Equal("18446744073709551615", message.RootElement.GetProperty("userId").GetString());
        SegmentReady read = JsonSerializer.Deserialize(Json(nameof(SegmentReady))
            .Replace("\"18446744073709551615\"", "5", StringComparison.Ordinal), ContractsJsonContext.Default.SegmentReady)!;
        Assert.Equal(5UL, read.UserId);
    }

    [Fact]
    public void Unknown_fields_of_a_newer_sender_do_no_harm()
    {
        string json = Json(nameof(SegmentReady))
            .Replace("{\"version\":1,", "{\"version\":1,\"future\":{\"a\":[1]},", StringComparison.Ordinal);
        Assert.Equal(Segment, JsonSerializer.Deserialize(json, ContractsJsonContext.Default.SegmentReady));
    }

    [Theory]
    [InlineData("\"recordingId\":\"0198c0de-0000-7000-8000-000000000001\"", "\"recordingId\":\"nonsense\"")]
    [InlineData("\"userId\":\"18446744073709551615\"", "\"userId\":\"-1\"")]
    [InlineData("\"fileSize\":44", "\"fileSize\":\"many\"")]
    [InlineData("\"segmentIndex\":7,", "")]
    public void Damaged_field_is_a_json_fault(string field, string damaged)
    {
        string json = Json(nameof(SegmentReady)).Replace(field, damaged, StringComparison.Ordinal);
        Assert.NotEqual(Json(nameof(SegmentReady)), json);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, ContractsJsonContext.Default.SegmentReady));
    }

    [Fact]
    public void Message_with_the_longest_names_fits_into_a_queue()
    {
        string name = string.Concat(Enumerable.Repeat("🎙", 100));
        SegmentReady longest = Segment with { Username = name, Session = Session with { GuildName = name, Title = name } };
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(longest, ContractsJsonContext.Default.SegmentReady).Length, 1, 64 * 1024);
    }

    [Theory]
    [InlineData(EndReason.Stopped, "stopped")]
    [InlineData(EndReason.Interrupted, "interrupted")]
    [InlineData(EndReason.Disconnected, "disconnected")]
    [InlineData(EndReason.Limit, "limit")]
    public void End_reason_is_a_word(EndReason reason, string word) =>
        Assert.Contains($"\"endReason\":\"{word}\"",
            JsonSerializer.Serialize(Stopped with { EndReason = reason }, ContractsJsonContext.Default.RecordingStopped),
            StringComparison.Ordinal);

    private static SessionInfo Session => new()
    {
        RecordingId = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"),
        GuildId = 1,
        GuildName = "G",
        ChannelId = 2,
        StartedBy = 3,
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    private static SegmentReady Segment => new()
    {
        Session = Session,
        UserId = ulong.MaxValue,
        Username = "Ada",
        SegmentIndex = 7,
        BlobName = "b",
        FileSize = 44,
        ContentMd5 = "1B2M2Y8AsgTpgAmY7PhCfg==",
        StartSample = 0,
        SampleCount = 0,
        Channels = 2,
        ClosedAt = DateTimeOffset.UnixEpoch,
    };

    private static RecordingStopped Stopped =>
        new() { Session = Session, EndedAt = DateTimeOffset.UnixEpoch, EndReason = EndReason.Stopped, SampleCount = 5, Tracks = [] };

    private static SessionManifest Manifest => new()
    {
        Session = Session,
        State = ManifestState.Recording,
        Incarnation = 1,
        UpdatedAt = DateTimeOffset.UnixEpoch,
        SampleCount = 9,
        Tracks = [new TrackSummary { UserId = 5, Username = "Ada", Segments = [new IndexRange(0, 3)], SampleCount = 1, ByteCount = 2,
            Chain = SegmentChain.Empty, NextFreeIndex = 20 }],
        Gaps = [new RecordingGap { UserId = 5, StartSample = 1, SampleCount = 2, Reason = "loss" }],
    };

    private static string Json(string type) => type switch
    {
        nameof(RecordingStarted) =>
            JsonSerializer.Serialize(new RecordingStarted { Session = Session }, ContractsJsonContext.Default.RecordingStarted),
        nameof(SegmentReady) => JsonSerializer.Serialize(Segment, ContractsJsonContext.Default.SegmentReady),
        nameof(RecordingStopped) => JsonSerializer.Serialize(Stopped, ContractsJsonContext.Default.RecordingStopped),
        _ => JsonSerializer.Serialize(Manifest, ContractsJsonContext.Default.SessionManifest),
    };

    private static string Again(string type, string json) => type switch
    {
        nameof(RecordingStarted) =>
            JsonSerializer.Serialize(JsonSerializer.Deserialize(json, ContractsJsonContext.Default.RecordingStarted)!,
            ContractsJsonContext.Default.RecordingStarted),
        nameof(SegmentReady) =>
            JsonSerializer.Serialize(JsonSerializer.Deserialize(json, ContractsJsonContext.Default.SegmentReady)!,
            ContractsJsonContext.Default.SegmentReady),
        nameof(RecordingStopped) =>
            JsonSerializer.Serialize(JsonSerializer.Deserialize(json, ContractsJsonContext.Default.RecordingStopped)!,
            ContractsJsonContext.Default.RecordingStopped),
        _ => JsonSerializer.Serialize(JsonSerializer.Deserialize(json, ContractsJsonContext.Default.SessionManifest)!,
            ContractsJsonContext.Default.SessionManifest),
    };
}
