using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Segments;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

public sealed class RecordingApiTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Init_live_again_gives_the_same_recording_until_it_is_finished()
    {
        App app = shared.App;
        string session = new Session(500).Id.ToString();
        (HttpStatusCode first, JsonNode created) = await PostAsync(app, "recordings/init-live", Init(session));
        (HttpStatusCode second, JsonNode again) = await PostAsync(app, "recordings/init-live", Init(session));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first, second));
        Assert.Equal("live", (string?)created["status"]);
        Assert.Equal((string?)created["recordingId"], (string?)again["recordingId"]);
        await PostAsync(app, $"recordings/{created["recordingId"]}/finalize", End(app, session, 0));
        (HttpStatusCode third, JsonNode finished) = await PostAsync(app, "recordings/init-live", Init(session));
        Assert.Equal(HttpStatusCode.Conflict, third);
        Assert.Equal("completed", (string?)finished["currentStatus"]);
    }

    [Theory]
    [InlineData("recordings/init-live", "sessionId", "\"no uuid\"")]
    [InlineData("recordings/init-live", "guildId", "\"12x\"")]
    [InlineData("recordings/init-live", "guildId", "12")]
    [InlineData("recordings/init-live", "guildName", "\"\"")]
    [InlineData("recordings/init-live", "channelId", null)]
    [InlineData("recordings/init-live", "recordedAt", "\"yesterday\"")]
    [InlineData("segment-upload-url", "userId", "\"-1\"")]
    [InlineData("segment-upload-url", "username", null)]
    [InlineData("segment-upload-url", "segmentIndex", "-1")]
    [InlineData("segment-upload-url", "fileName", "\"../a.wav\"")]
    [InlineData("segment-upload-url", "fileSize", "0")]
    [InlineData("segment-upload-url", "absoluteEndTime", "1")]
    [InlineData("segment-upload-url", "duration", "\"long\"")]
    [InlineData("segment-upload-url", "format", "\"exe\"")]
    [InlineData("finalize", "sessionEndTime", null)]
    [InlineData("finalize", "segments", null)]
    [InlineData("finalize", "segments[0].filePath", "\"../../x\"")]
    [InlineData("finalize", "segments[0].blobUrl", "\"file:///x\"")]
    public async Task Bad_field_is_named(string operation, string field, string? value)
    {
        App app = shared.App;
        string id = new Session(501).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        JsonObject body = operation switch { "finalize" => End(app, id, 1), "segment-upload-url" => Segment(0), _ => Init(id) };
        JsonObject target = field.StartsWith("segments[0].", StringComparison.Ordinal) ? body["segments"]![0]!.AsObject() : body;
        string name = field.Split('.')[^1];
        target.Remove(name);
        if (value is not null) target[name] = JsonNode.Parse(value);
        (HttpStatusCode status, JsonNode problem) = await PostAsync(app,
            operation.Contains('/') ? operation : $"recordings/{id}/{operation}", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.True(problem["errors"]!.AsObject().ContainsKey(field), problem.ToJsonString());
    }

    [Fact]
    public async Task Upload_url_takes_one_put_of_one_blob_and_nothing_else()
    {
        App app = shared.App;
        string id = new Session(502).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        (_, JsonNode answer) = await PostAsync(app, $"recordings/{id}/segment-upload-url", Segment(0));
        Uri url = new((string)answer["uploadUrl"]!);
        using HttpClient http = new();
        Assert.Equal($"recordings/{id}/5-Ada/segment_000.wav", (string?)answer["blobPath"]);
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, url));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, url));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(url, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            await PutAsync(http, new Uri(url.AbsoluteUri.Replace("segment_000", "segment_001", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Finalize_is_idempotent_and_refuses_other_segments()
    {
        App app = shared.App;
        string id = new Session(503).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 4);

        (HttpStatusCode first, JsonNode one) = await PostAsync(app, $"recordings/{id}/finalize", End(app, id, 3));
        (HttpStatusCode second, JsonNode two) = await PostAsync(app, $"recordings/{id}/finalize", End(app, id, 3));
        (HttpStatusCode fewer, _) = await PostAsync(app, $"recordings/{id}/finalize", End(app, id, 2));
        (HttpStatusCode more, _) = await PostAsync(app, $"recordings/{id}/finalize", End(app, id, 4));
        (HttpStatusCode upload, _) = await PostAsync(app, $"recordings/{id}/segment-upload-url", Segment(9));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first, second));
        Assert.Equal(3, (int)one["recording"]!["segmentCount"]!);
        Assert.Equal((string?)one["recording"]!["status"], (string?)two["recording"]!["status"]);
        Assert.Equal(3, one["recording"]!["downloadUrls"]!["audio"]!.AsArray().Count);
        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Conflict), (fewer, more, upload));
    }

    [Theory]
    [InlineData("blobUrl", "{0}recordings/{1}/5-Ada/segment_007.wav", "the address that this API gave")]
    [InlineData("blobUrl", "{0}recordings/{1}x/5-Ada/segment_001.wav", "the address that this API gave")]
    [InlineData("blobUrl", "{0}recordings/00000000-0000-0000-0000-0000000000aa/5-Ada/segment_001.wav", "the address that this API gave")]
    [InlineData("blobUrl", "{0}recordings/{1}/6-Ada/segment_001.wav", "the address that this API gave")]
    [InlineData("blobUrl", "{0}segments-temp/{1}/5-Ada/segment_001.wav", "the address that this API gave")]
    [InlineData("blobUrl", "https://elsewhere.example/recordings/{1}/5-Ada/segment_001.wav", "the address that this API gave")]
    [InlineData("blobUrl", "{0}recordings/{1}/5-Somebody/segment_001.wav", "nothing in it")]
    [InlineData("fileSize", "5", "4 lie at blobUrl")]
    public async Task Segment_that_the_storage_does_not_confirm_is_refused(string field, string value, string fault)
    {
        App app = shared.App;
        string id = new Session(530).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 2);
        JsonObject body = End(app, id, 2);
        string account = app.Storage.Blobs.Uri.AbsoluteUri.TrimEnd('/') + "/";
        body["segments"]![1]![field] = field == "fileSize" ? int.Parse(value, CultureInfo.InvariantCulture)
            : string.Format(CultureInfo.InvariantCulture, value, account, id);

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(fault, (string?)problem["errors"]![$"segments[1].{field}"]![0], StringComparison.Ordinal);
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(RecordingId.Parse(id)))!.Status);
    }

    [Theory]
    [InlineData("?a=1&a=1")]
    [InlineData("?sv=1&se=x")]
    [InlineData("?snapshot=x&snapshot=y#x")]
    public async Task What_stands_behind_the_path_of_an_address_decides_nothing(string behind)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 1);
        JsonObject body = End(app, id, 1);
        body["segments"]![0]!["blobUrl"] = (string?)body["segments"]![0]!["blobUrl"] + behind;

        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Single(answer["recording"]!["downloadUrls"]!["audio"]!.AsArray());
    }

    [Fact]
    public async Task Link_is_signed_only_below_its_own_recording()
    {
        App app = shared.App;
        RecordingId own = new Session(531).Id, other = new Session(532).Id;
        RecordingsContainer container = app.Get<RecordingsContainer>();
        Uri Address(RecordingId id) => app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_000.wav").Uri;

        Assert.NotNull(await container.ReadLinkAsync(own, Address(own), Cancellation));
        Assert.Null(await container.ReadLinkAsync(own, Address(other), Cancellation));
        Assert.Null(await container.ReadLinkAsync(own,
            new Uri(Address(own).AbsoluteUri.Replace($"{own}/", $"{own}x/", StringComparison.Ordinal)), Cancellation));
        Assert.Null(await container.ReadLinkAsync(own,
            new Uri(Address(own).AbsoluteUri.Replace("/recordings/", "/segments-temp/", StringComparison.Ordinal)), Cancellation));
    }

    [Theory]
    [InlineData("guildId", "\"11\"")]
    [InlineData("guildName", "\"Another\"")]
    [InlineData("channelId", "\"21\"")]
    [InlineData("userId", "\"31\"")]
    [InlineData("recordedAt", "\"2026-01-02T03:04:06Z\"")]
    public async Task Second_start_with_other_content_is_a_conflict_that_names_it(string field, string value)
    {
        App app = shared.App;
        JsonObject init = Init(RecordingId.New(TimeProvider.System).ToString());
        init["title"] = "Weekly";
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(app, "recordings/init-live", init)).Status);
        JsonNode? before = init[field]?.DeepClone();
        init[field] = JsonNode.Parse(value);

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, "recordings/init-live", init);

        Assert.Equal((HttpStatusCode.Conflict, "live", (string?)init["sessionId"]),
            (status, (string?)problem["currentStatus"], (string?)problem["recordingId"]));
        Assert.Equal(field, Assert.Single(problem["errors"]!.AsObject()).Key);
        init[field] = before;
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, "recordings/init-live", init)).Status);
    }

    [Theory]
    [InlineData("sessionEndTime", "1800000000001")]
    [InlineData("duration", "7")]
    [InlineData("totalSize", "9")]
    [InlineData("participantCount", "3")]
    [InlineData("endReason", "\"limit\"")]
    [InlineData("notes", "[{\"sample\":5,\"userId\":\"5\",\"text\":\"other\"}]")]
    [InlineData("consent", "{\"mode\":\"required\",\"texts\":[\"Do you agree?\"],\"entries\":[]}")]
    [InlineData("health", "{\"5\":{\"lost\":4}}")]
    [InlineData("gaps", "[{\"startSample\":5,\"sampleCount\":7,\"reason\":\"loss\"}]")]
    [InlineData("missingSegments", "[{\"userId\":\"5\",\"segmentIndex\":9,\"reason\":\"late\"}]")]
    [InlineData("unverifiedUserIds", "[\"5\"]")]
    [InlineData("furtherChannelIds", "[\"78\"]")]
    [InlineData("segments", null)]
    public async Task Second_end_with_other_content_is_a_conflict_that_names_it(string field, string? value)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 2);
        JsonObject body = End(app, id, 2);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
        JsonObject other = body.DeepClone().AsObject();
        if (value is null) other["segments"]![1]!["duration"] = 9_999;
        else other[field] = JsonNode.Parse(value);

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, $"recordings/{id}/finalize", other);

        Assert.Equal((HttpStatusCode.Conflict, "completed"), (status, (string?)problem["currentStatus"]));
        // Who names some counts them too.
        string[] named = field == "missingSegments" ? [field, "missingSegmentCount"] : [field];
        Assert.Equal(named.Order(), problem["errors"]!.AsObject().Select(error => error.Key).Order());
        if (value is null) Assert.Contains("5/1", (string?)problem["errors"]!["segments"]![0], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
    }

    [Fact]
    public async Task Amendment_must_keep_what_was_there()
    {
        App app = shared.App;
        string id = new Session(504).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 3);
        await PostAsync(app, $"recordings/{id}/finalize", End(app, id, 2));

        JsonObject fewer = End(app, id, 1), changed = End(app, id, 3), longer = End(app, id, 3);
        foreach (JsonObject body in new[] { fewer, changed, longer }) body["amends"] = true;
        changed["segments"]![0]!["fileSize"] = 1;

        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(app, $"recordings/{id}/finalize", fewer)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(app, $"recordings/{id}/finalize", changed)).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", longer)).Status);
        Assert.Equal(3, (await app.RecordingAsync(RecordingId.Parse(id)))!.Segments.Count);
    }

    [Fact]
    public async Task Amendment_that_says_nothing_of_health_keeps_what_was_said()
    {
        App app = shared.App;
        string id = new Session(533).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 3);
        JsonObject first = End(app, id, 2), more = End(app, id, 3), corrected = End(app, id, 3);
        first["health"] = JsonNode.Parse("""{"5":{"received":500,"lost":3}}""");
        corrected["health"] = JsonNode.Parse("""{"5":{"received":501,"lost":2}}""");
        more["amends"] = true;
        corrected["amends"] = true;

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", first)).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", more)).Status);
        Assert.Equal(3, (await app.RecordingAsync(RecordingId.Parse(id)))!.Health["5"]["lost"]);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", corrected)).Status);
        Assert.Equal(2, (await app.RecordingAsync(RecordingId.Parse(id)))!.Health["5"]["lost"]);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Three_hours_of_four_people_are_one_request()
    {
        App app = shared.App;
        string id = new Session(505).Id.ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 4_600);
        JsonObject body = End(app, id, 4_600);
        Assert.InRange(body.ToJsonString().Length, 1_000_000, 3_000_000);

        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(4_600, (int)answer["recording"]!["segmentCount"]!);
        Assert.Equal(Enumerable.Range(0, 4_600),
            (await app.RecordingAsync(RecordingId.Parse(id)))!.Segments.Select(segment => segment.SegmentIndex));
    }

    [Fact]
    public async Task Body_above_its_limit_is_refused_with_413()
    {
        App app = shared.App;
        string id = new Session(506).Id.ToString();
        using StringContent long64 = new($$"""{"sessionId":"{{new string('x', 65 * 1024)}}"}""", Encoding.UTF8, "application/json");
        using HttpRequestMessage chunked = new(HttpMethod.Post, "api/recordings/init-live") { Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes($$"""{"sessionId":"{{new string('x', 65 * 1024)}}"}"""))) };
        chunked.Headers.TransferEncodingChunked = true;
        chunked.Content.Headers.ContentType = new("application/json");
        using StringContent long16 = new("{\"segments\":[" + new string(' ', 17 * 1024 * 1024) + "]}", Encoding.UTF8, "application/json");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge,
            (await app.Http.PostAsync(new Uri("api/recordings/init-live", UriKind.Relative), long64, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await app.Http.SendAsync(chunked, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge,
            (await app.Http.PostAsync(new Uri($"api/recordings/{id}/finalize", UriKind.Relative), long16, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Batch_flow_finishes_a_recording_that_was_over_before_it_was_known()
    {
        App app = shared.App;
        string id = new Session(507).Id.ToString();
        JsonObject init = BatchInit(id, Segment(0), Segment(1));

        (HttpStatusCode begun, JsonNode places) = await PostAsync(app, "recordings/init", init);
        Assert.Equal(HttpStatusCode.OK, begun);
        JsonArray files = [];
        using HttpClient http = new();
        foreach (JsonNode? place in places["uploadUrls"]!.AsArray())
        {
            Uri url = new((string)place!["uploadUrl"]!);
            Assert.Equal(HttpStatusCode.Created, await PutAsync(http, url));
            files.Add(Completed(place));
        }
        JsonObject complete = new() { ["files"] = files };
        (HttpStatusCode first, JsonNode one) = await PostAsync(app, $"recordings/{id}/complete", complete);
        (HttpStatusCode second, _) = await PostAsync(app, $"recordings/{id}/complete", complete);
        (HttpStatusCode other, _) = await PostAsync(app, $"recordings/{id}/complete",
            new JsonObject { ["files"] = new JsonArray(files[0]!.DeepClone()) });

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Conflict), (first, second, other));
        Assert.Equal(2, (int)one["recording"]!["segmentCount"]!);
    }

    [Fact]
    public async Task Lists_a_guild_newest_first_in_pages()
    {
        App app = shared.App;
        List<string> ids = [];
        for (int i = 0; i < 5; i++)
        {
            JsonObject init = Init(new Session(510 + i).Id.ToString());
            init["guildId"] = "424242";
            init["recordedAt"] = $"2026-0{i + 1}-01T00:00:00Z";
            ids.Add((string)(await PostAsync(app, "recordings/init-live", init)).Body["recordingId"]!);
        }
        List<string> seen = [];
        string? cursor = null;
        do
        {
            Assert.True(seen.Count < 10, "pages without an end");
            JsonNode page = JsonNode.Parse(
                await app.Http.GetStringAsync(new Uri($"api/recordings?guildId=424242&limit=2&cursor={cursor}", UriKind.Relative),
                Cancellation))!;
            seen.AddRange(page["recordings"]!.AsArray().Select(recording => (string)recording!["id"]!));
            cursor = (string?)page["nextCursor"];
        }
        while (cursor is not null);

        ids.Reverse();
        Assert.Equal(ids, seen);
    }
}
