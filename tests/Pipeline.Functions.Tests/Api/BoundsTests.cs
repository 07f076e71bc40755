using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Functions.Tests.Rig;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What a request may hold: too much, too strange and ambiguous is refused by the field's name, and names are cleaned.</summary>
public sealed class BoundsTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private const string Valid = """
        {"sessionId":"@","guildId":"10","guildName":"Guild","channelId":"20","userId":"30","recordedAt":"2026-01-02T03:04:05Z"}
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("title", 100, 'x', true)]
    [InlineData("title", 101, 'x', false)]
    [InlineData("title", 60_000, 'x', false)]
    [InlineData("title", 100, '\u0416', true)]
    [InlineData("guildName", 100, 'x', true)]
    [InlineData("guildName", 101, 'x', false)]
    [InlineData("guildName", 3, '\u202E', false)]
    [InlineData("guildName", 3, '\u0007', false)]
    [InlineData("guildName", 3, ' ', false)]
    public async Task Text_has_a_length_and_something_in_it(string field, int length, char letter, bool isTaken)
    {
        App app = shared.App;
        JsonObject body = Body();
        body[field] = new string(letter, length);

        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, body.ToJsonString());

        Assert.Equal(isTaken ? HttpStatusCode.Created : HttpStatusCode.BadRequest, status);
        if (!isTaken) Assert.Contains("100 characters", (string?)answer["errors"]![field]![0], StringComparison.Ordinal);
    }

    /// <summary>A recording is over within 31 days, and every second of it can be asked for.</summary>
    [Theory]
    [InlineData("segments", 2_678_400, HttpStatusCode.OK)]
    [InlineData("segments", 2_678_401, HttpStatusCode.BadRequest)]
    [InlineData("tracks/5/peaks", 2_678_400, HttpStatusCode.OK)]
    [InlineData("tracks/5/peaks", 2_678_401, HttpStatusCode.BadRequest)]
    public async Task Last_second_of_the_longest_recording_has_an_address(string path, int second, HttpStatusCode expected)
    {
        App app = shared.App;
        JsonObject body = Body();
        await PostAsync(app, body.ToJsonString());

        using HttpResponseMessage answer = await app.Http.GetAsync(
            new Uri($"api/recordings/{(string)body["sessionId"]!}/{path}?from={second}&to={second}", UriKind.Relative), Cancellation);

        Assert.Equal(expected, answer.StatusCode);
        JsonNode document = JsonNode.Parse(await app.Http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative), Cancellation))!;
        JsonNode asked = document["paths"]!["/api/recordings/{recordingId}/segments"]!["get"]!["parameters"]!.AsArray()
            .First(parameter => (string?)parameter!["name"] == "to")!;
        Assert.Equal(2_678_400, (long)asked["schema"]!["maximum"]!);
    }

    [Theory]
    [InlineData("recordedAt", "\"2026-01-02T03:04:05\"", "with a zone")]
    [InlineData("recordedAt", "\"2026-01-02\"", "with a zone")]
    [InlineData("recordedAt", "1767323045", "with a zone")]
    [InlineData("recordedAt", "\"9999-12-31T00:00:00Z\"", "1970 up to 2100")]
    [InlineData("recordedAt", "\"1969-12-31T23:59:59Z\"", "1970 up to 2100")]
    [InlineData("recordedAt", "\"2100-01-01T00:00:00Z\"", "1970 up to 2100")]
    public async Task Time_has_a_zone_and_a_year_that_can_be(string field, string value, string fault)
    {
        App app = shared.App;
        JsonObject body = Body();
        body[field] = JsonNode.Parse(value);

        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, body.ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(fault, (string?)answer["errors"]![field]![0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-01-02T03:04:05+02:00")]
    [InlineData("2026-01-02T03:04:05.123-05:30")]
    public async Task Any_zone_is_the_same_moment(string time)
    {
        App app = shared.App;
        JsonObject body = Body();
        body["recordedAt"] = time;
        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, body.ToJsonString());
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture),
            (await app.RecordingAsync(RecordingId.Parse((string)answer["recordingId"]!)))!.RecordedAt);
    }

    [Theory]
    [InlineData("\"guildId\":\"10\"", "\"guildId\":\"10\",\"guildId\":\"11\"", "guildId")]
    [InlineData("\"guildId\":\"10\"", "\"guildId\":\"10\",\"GUILDID\":\"11\"", "GUILDID")]
    public async Task Field_that_stands_twice_is_refused(string once, string twice, string field)
    {
        App app = shared.App;
        (HttpStatusCode status, JsonNode answer) =
            await PostAsync(app, Body().ToJsonString().Replace(once, twice, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("twice", (string?)answer["errors"]!.AsObject().Single().Value![0], StringComparison.Ordinal);
        Assert.Contains(field, answer["errors"]!.AsObject().Single().Key, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("POST", "recordings/init")]
    [InlineData("POST", "recordings/@/finalize")]
    [InlineData("PUT", "recordings/@/finalize/parts/0")]
    public async Task Field_of_a_segment_that_stands_twice_is_refused(string method, string path)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        JsonObject body = path.EndsWith("/init", StringComparison.Ordinal)
            ? WireRequests.BatchInit(RecordingId.New(TimeProvider.System).ToString(), WireRequests.Segment(0))
            : WireRequests.End(app, id, 1);
        if (method == "PUT") (body["list"], body["first"]) = ("one-list-of-it", 0);
        string twice = body.ToJsonString().Replace("\"segmentIndex\":0", "\"segmentIndex\":0,\"segmentIndex\":1",
            StringComparison.Ordinal);
        using HttpRequestMessage request = new(new HttpMethod(method),
            new Uri($"api/{path.Replace("@", id, StringComparison.Ordinal)}", UriKind.Relative));
        request.Content = new StringContent(twice, Encoding.UTF8, "application/json");

        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        (string field, JsonNode? faults) = Assert.Single(problem["errors"]!.AsObject());
        Assert.Contains("segmentIndex", field, StringComparison.Ordinal);
        Assert.Contains("twice", (string?)faults![0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("recordings?guildId=5&", 100)]
    [InlineData("events?", 1000)]
    [InlineData("recordings/@/segments?", 1000)]
    public async Task Limit_is_one_number_within_its_range(string path, int most)
    {
        App app = shared.App;
        JsonObject body = Body();
        await PostAsync(app, body.ToJsonString());
        path = $"api/{path.Replace("@", (string)body["sessionId"]!, StringComparison.Ordinal)}";
        foreach (string query in new[] { "limit=0", $"limit={most + 1}", "limit=x", "limit=", "limit=+1", "limit=5&limit=6" })
        {
            using HttpResponseMessage answer = await app.Http.GetAsync(new Uri(path + query, UriKind.Relative), Cancellation);
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{path}{query}: {answer.StatusCode}");
            JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            Assert.Equal($"must be a number from 1 to {most}", (string?)problem["errors"]!["limit"]![0]);
        }
        using HttpResponseMessage taken = await app.Http.GetAsync(new Uri($"{path}limit={most}", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Theory]
    [InlineData(5_497_558_138_880, HttpStatusCode.OK)]
    [InlineData(5_497_558_138_881, HttpStatusCode.BadRequest)]
    [InlineData(9_000_000_000_000_000_000, HttpStatusCode.BadRequest)]
    public async Task Segment_is_no_larger_than_what_can_be_counted(long size, HttpStatusCode expected)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        JsonObject[] segments = [WireRequests.Segment(0), WireRequests.Segment(1)];
        foreach (JsonObject segment in segments) segment["fileSize"] = size;
        JsonObject init = WireRequests.BatchInit(id, segments);
        (HttpStatusCode status, JsonNode answer) = await WireRequests.PostAsync(app, "recordings/init", init);
        Assert.Equal(expected, status);
        if (status == HttpStatusCode.BadRequest)
        {
            Assert.Contains("5497558138880 or less", (string?)answer["errors"]!["segments[1].fileSize"]![0], StringComparison.Ordinal);
            return;
        }

        JsonNode[] files = [.. answer["uploadUrls"]!.AsArray().Select(place => WireRequests.Completed(place!))];
        (HttpStatusCode end, JsonNode problem) = await WireRequests.PostAsync(app, $"recordings/{id}/complete",
            new JsonObject { ["files"] = new JsonArray(files) });

        Assert.Equal(HttpStatusCode.BadRequest, end);
        Assert.Contains("nothing in it", (string?)problem["errors"]!["files[0].blobUrl"]![0], StringComparison.Ordinal);
    }

    // Recorded at 2026-01-02T03:04:05Z; 31 days are 2,678,400 s.
    [Theory]
    [InlineData(2_678_390_000, null)]
    [InlineData(2_678_390_001, "absoluteEndTime")]
    [InlineData(2_678_400_001, "absoluteStartTime")]
    [InlineData(28_700_000_000, "absoluteStartTime")]
    public async Task Segment_ends_within_a_month_of_its_recording(long after, string? field)
    {
        App app = shared.App;
        long start = 1_767_323_045_000 + after;
        string id = RecordingId.New(TimeProvider.System).ToString(), other = RecordingId.New(TimeProvider.System).ToString();
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        await WireRequests.PutSegmentsAsync(app, id, 1);
        JsonObject segment = WireRequests.Segment(0), end = WireRequests.End(app, id, 1);
        foreach (JsonNode? one in new[] { segment, end["segments"]![0] })
            (one!["absoluteStartTime"], one["absoluteEndTime"]) = (start, start + 10_000);
        JsonObject part = new() { ["list"] = "one-list-of-it", ["first"] = 0, ["segments"] = end["segments"]!.DeepClone() };

        await DemandAsync(app, HttpMethod.Post, $"recordings/{id}/segment-upload-url", segment, field, "");
        await DemandAsync(app, HttpMethod.Post, "recordings/init", WireRequests.BatchInit(other, segment), field, "segments[0].");
        await DemandAsync(app, HttpMethod.Put, $"recordings/{id}/finalize/parts/0", part, field, "segments[0].");
        await DemandAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", end, field, "segments[0].");

        async Task DemandAsync(App app, HttpMethod method, string path, JsonObject body, string? field, string at)
        {
            using HttpRequestMessage request = new(method, new Uri($"api/{path}", UriKind.Relative));
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
            string text = await answer.Content.ReadAsStringAsync(Cancellation);
            Assert.True(answer.IsSuccessStatusCode == field is null, $"{path}: {answer.StatusCode} {text}");
            if (field is null) return;
            long value = field == "absoluteStartTime" ? start : start + 10_000;
            Assert.Equal($"is {value}, more than 31 days after recordedAt, which is 1767323045000",
                (string?)JsonNode.Parse(text)!["errors"]![at + field]![0]);
        }
    }

    [Theory]
    [InlineData("duration", 2_678_400_000)]
    [InlineData("segments[0].duration", 2_678_400_000)]
    [InlineData("segments[0].startSample", 128_563_200_000)]
    [InlineData("segments[0].sampleCount", 128_563_200_000)]
    public async Task Nothing_begins_or_lasts_beyond_a_month(string field, long most)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        await WireRequests.PutSegmentsAsync(app, id, 1);
        JsonObject end = WireRequests.End(app, id, 1);
        JsonObject target = field.Contains('.') ? end["segments"]![0]!.AsObject() : end;
        target[field.Split('.')[^1]] = most + 1;

        (HttpStatusCode status, JsonNode problem) = await WireRequests.PostAsync(app, $"recordings/{id}/finalize", end);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal($"must be {most} or less", (string?)problem["errors"]![field]![0]);
        target[field.Split('.')[^1]] = most;
        Assert.Equal(HttpStatusCode.OK, (await WireRequests.PostAsync(app, $"recordings/{id}/finalize", end)).Status);
    }

    [Fact]
    public async Task Unknown_field_of_a_newer_caller_is_passed_over()
    {
        App app = shared.App;
        JsonObject body = Body();
        body["colour"] = new JsonObject { ["r"] = 1 };
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(app, body.ToJsonString())).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/xml")]
    [InlineData("application/x-nobody-knows")]
    [InlineData("application/jsonp")]
    public async Task Body_that_is_not_said_to_be_json_is_415(string? type)
    {
        App app = shared.App;
        foreach ((HttpMethod method, string path) in new[]
        {
            (HttpMethod.Post, "recordings/init-live"), (HttpMethod.Post, "recordings/init"),
            (HttpMethod.Post, $"recordings/{Guid.Empty}/finalize"), (HttpMethod.Put, $"recordings/{Guid.Empty}/finalize/parts/0"),
            (HttpMethod.Post, $"recordings/{Guid.Empty}/complete"), (HttpMethod.Post, $"recordings/{Guid.Empty}/segment-upload-url"),
            (HttpMethod.Patch, $"recordings/{Guid.Empty}"), (HttpMethod.Put, "guilds/5/settings"),
            (HttpMethod.Post, $"recordings/{Guid.Empty}/shares"), (HttpMethod.Put, "guilds/5/webhooks"),
        })
        {
            using HttpRequestMessage request = new(method, new Uri($"api/{path}", UriKind.Relative));
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body().ToJsonString()));
            if (type is not null) request.Content.Headers.ContentType = new(type);
            using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
            Assert.True(answer.StatusCode == HttpStatusCode.UnsupportedMediaType, $"{method} {path}: {answer.StatusCode}");
        }
    }

    [Theory]
    [InlineData("[1]", "body")]
    [InlineData("null", "body")]
    [InlineData("", "body")]
    [InlineData("{\"sessionId\":", "sessionId")]
    [InlineData("{\"sessionId\":\"\\uD800\"}", "sessionId")]
    public async Task Body_that_is_no_json_object_is_a_bad_request(string text, string field)
    {
        App app = shared.App;
        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, text);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, Assert.Single(answer["errors"]!.AsObject()).Key);
    }

    [Fact]
    public async Task Names_are_kept_on_one_line_without_controls_and_marks_of_direction()
    {
        App app = shared.App;
        JsonObject body = Body();
        body["channelName"] = "\u2067Kanal\u2069\n\u0007 1";
        (body["title"], body["guildName"]) = ("\u202Etxt.exe\u202C\n\u0000 a\tb", "\u2067Gilde\u2069 \uD83D\uDC69\u200D\uD83D\uDCBB");
        (_, JsonNode answer) = await PostAsync(app, body.ToJsonString());

        RecordingDetails recording = (await app.RecordingAsync(RecordingId.Parse((string)answer["recordingId"]!)))!;

        Assert.Equal(("txt.exe  a b", "Gilde \uD83D\uDC69\u200D\uD83D\uDCBB", "Kanal  1"),
            (recording.Title, recording.GuildName, recording.ChannelName));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, body.ToJsonString())).Status);
    }

    [Fact]
    public void What_the_pipeline_sends_lies_within_the_bounds_whatever_people_are_called()
    {
        string marks = "a" + new string('\u0301', 5_000);
        foreach (string name in new[] { "", "   ", "\u202E\u202E", marks, new string('\u0416', 3_000), new string('x', 101), "\u0007" })
        {
            SessionInfo session = new Session(540).Info with { GuildName = name, Title = name };
            InitLiveRequest request = WireMapping.InitLive(session);
            Assert.False(RecordingApi.Recordings.RequestCheck.Check(request).Any, JsonSerializer.Serialize(request));
        }
    }

    private static JsonObject Body() =>
        JsonNode.Parse(Valid.Replace("@", RecordingId.New(TimeProvider.System).ToString(), StringComparison.Ordinal))!.AsObject();

    private static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(App app, string text)
    {
        using HttpResponseMessage response = await app.PostAsync("api/recordings/init-live", text);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!);
    }
}
