using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What stands in the lists of a body is looked at one by one: what was taken once is read for as long as it is kept.</summary>
public sealed class ListElementsTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("notes", "[null]", "notes[0]")]
    [InlineData("notes", """[{"sample":1,"userId":"5","text":"a"},{"sample":-1,"userId":"5","text":"x"}]""", "notes[1].sample")]
    [InlineData("notes", """[{"sample":9000000000000000000,"userId":"5","text":"x"}]""", "notes[0].sample")]
    [InlineData("notes", """[{"sample":1,"userId":"5","text":null}]""", "notes[0].text")]
    [InlineData("notes", """[{"sample":1,"userId":"5","text":"@"}]""", "notes[0].text")]
    [InlineData("notes", """[{"sample":1,"userId":"5","username":"@","text":"x"}]""", "notes[0].username")]
    [InlineData("gaps", "[null]", "gaps[0]")]
    [InlineData("gaps", """[{"startSample":-1,"sampleCount":1,"reason":"loss"}]""", "gaps[0].startSample")]
    [InlineData("gaps", """[{"startSample":1,"sampleCount":-1,"reason":"loss"}]""", "gaps[0].sampleCount")]
    [InlineData("gaps", """[{"startSample":1,"sampleCount":9000000000000000000,"reason":"loss"}]""", "gaps[0].sampleCount")]
    [InlineData("gaps", """[{"startSample":1,"sampleCount":1,"reason":null}]""", "gaps[0].reason")]
    [InlineData("missingSegments", "[null]", "missingSegments[0]")]
    [InlineData("missingSegments", """[{"userId":null,"segmentIndex":1,"reason":"late"}]""", "missingSegments[0].userId")]
    [InlineData("missingSegments", """[{"userId":"x","segmentIndex":1,"reason":"late"}]""", "missingSegments[0].userId")]
    [InlineData("missingSegments", """[{"userId":"5","segmentIndex":-1,"reason":"late"}]""", "missingSegments[0].segmentIndex")]
    [InlineData("missingSegments", """[{"userId":"5","segmentIndex":1,"reason":null}]""", "missingSegments[0].reason")]
    [InlineData("health", """{"5":null}""", "health.5")]
    [InlineData("health", """{"Ada":{"lost":1}}""", "health")]
    [InlineData("unverifiedUserIds", "[null]", "unverifiedUserIds[0]")]
    [InlineData("unverifiedUserIds", """["5","Ada"]""", "unverifiedUserIds[1]")]
    [InlineData("furtherChannelIds", "[null]", "furtherChannelIds[0]")]
    [InlineData("furtherChannelIds", """["78","#board"]""", "furtherChannelIds[1]")]
    [InlineData("consent", """{"mode":null}""", "consent.mode")]
    [InlineData("consent", """{"mode":"ask","texts":[null]}""", "consent.texts[0]")]
    [InlineData("consent", """{"mode":"ask","entries":[null]}""", "consent.entries[0]")]
    [InlineData("consent", """{"mode":"ask","entries":[{"userId":"5","at":"2026-01-02T03:04:05Z","choice":null,"button":"Yes"}]}""",
        "consent.entries[0].choice")]
    [InlineData("consent", """{"mode":"ask","entries":[{"userId":"5","at":"2026-01-02T03:04:05Z","choice":"agreed","button":null}]}""",
        "consent.entries[0].button")]
    public async Task Element_of_an_end_that_says_too_little_or_too_much_is_named(string field, string value, string named)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 1);
        JsonObject body = End(app, id, 1);
        body[field] = JsonNode.Parse(value.Replace("@", new string('x', 7_000), StringComparison.Ordinal));

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(named, Assert.Single(problem["errors"]!.AsObject()).Key);
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(RecordingId.Parse(id)))!.Status);
    }

    [Fact]
    public async Task End_that_says_everything_is_taken_and_read()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 1);
        JsonObject body = End(app, id, 1);
        foreach ((string field, JsonNode? value) in JsonNode.Parse("""
            {"notes":[{"sample":0,"userId":"5","text":""},{"sample":127910000000,"userId":"6","username":"Grace","text":"@"}],
             "gaps":[{"startSample":0,"sampleCount":0,"reason":"paused"},
              {"userId":"5","startSample":9,"sampleCount":9,"reason":"of a newer bot"}],
             "missingSegments":[{"userId":"5","segmentIndex":2147483647,"reason":"late"}],"health":{"5":{},"6":{"lost":-1}},
             "unverifiedUserIds":["5"],"furtherChannelIds":["78"],"consent":{"mode":"of a newer bot","texts":["@"],"entries":[
              {"userId":"5","at":"2026-01-02T03:04:05Z","choice":"agreed","text":0,"button":"Yes"},
              {"userId":"6","username":"Grace","at":"2026-01-02T03:04:05Z","choice":"declined","button":"No"}]}}
            """.Replace("@", new string('x', 6_000), StringComparison.Ordinal))!.AsObject()) body[field] = value!.DeepClone();

        (HttpStatusCode status, JsonNode answer) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        RecordingDetails recording = (await app.RecordingAsync(RecordingId.Parse(id)))!;
        Assert.Equal(["78"], recording.FurtherChannelIds);
        Assert.Equal((2, 2, 1, 2, 2), (recording.Notes.Count, recording.Gaps.Count, recording.MissingSegments.Count, recording.Health.Count,
            recording.Consent!.Entries.Count));
    }

    [Theory]
    [InlineData("POST", "recordings/init", "segments")]
    [InlineData("POST", "recordings/@/finalize", "segments")]
    [InlineData("PUT", "recordings/@/finalize/parts/0", "segments")]
    [InlineData("POST", "recordings/@/complete", "files")]
    [InlineData("POST", "recordings/@/shares", "scopes")]
    [InlineData("PUT", "guilds/809/settings", "optedOutUserIds")]
    [InlineData("PUT", "guilds/809/settings", "autoRecord")]
    [InlineData("PUT", "guilds/809/webhooks", "events")]
    public async Task Nothing_in_a_list_is_refused_by_its_field(string method, string path, string field)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        JsonObject body = new() { ["url"] = "https://example.org/", ["list"] = "one-list-of-it", ["first"] = 0 };
        body[field] = new JsonArray((JsonNode?)null);
        using HttpRequestMessage request = new(new HttpMethod(method),
            new Uri($"api/{path.Replace("@", id, StringComparison.Ordinal)}", UriKind.Relative))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };

        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Contains(problem["errors"]!.AsObject(), error => error.Key.StartsWith(field, StringComparison.Ordinal));
    }
}
