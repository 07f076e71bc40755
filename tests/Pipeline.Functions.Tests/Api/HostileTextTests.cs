using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

/// <summary>Every text that any route takes: too long it is refused by its name, and what turns or hides other text is not kept.</summary>
public sealed class HostileTextTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private const string InitLive = "POST recordings/init-live", Init = "POST recordings/init",
        Place = "POST recordings/@/segment-upload-url", Part = "PUT recordings/@/finalize/parts/0",
        Finalize = "POST recordings/@/finalize", Complete = "POST recordings/@/complete",
        Patch = "PATCH recordings/@", Share = "POST recordings/@/shares", Settings = "PUT guilds/5801/settings",
        Webhook = "PUT guilds/5801/webhooks";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Texts with which people are shown something.</summary>
    public static TheoryData<string, string> Names => new()
    {
        { InitLive, "guildName" }, { InitLive, "channelName" }, { InitLive, "title" }, { Init, "guildName" }, { Init, "channelName" },
        { Init, "title" }, { Init, "segments[0].username" }, { Init, "segments[0].fileName" }, { Place, "username" }, { Place, "fileName" },
        { Part, "segments[0].username" }, { Part, "segments[0].fileName" }, { Part, "segments[0].filePath" },
        { Finalize, "segments[0].username" }, { Finalize, "segments[0].fileName" }, { Finalize, "segments[0].filePath" },
        { Complete, "files[0].username" }, { Complete, "files[0].fileName" }, { Complete, "files[0].filePath" }, { Patch, "title" },
    };

    /// <summary>Ids, words, addresses, and what people wrote themselves.</summary>
    public static TheoryData<string, string> Others => new()
    {
        { InitLive, "sessionId" }, { InitLive, "guildId" }, { InitLive, "channelId" }, { InitLive, "userId" }, { InitLive, "recordedAt" },
        { Init, "format" }, { Init, "segments[0].userId" }, { Init, "segments[0].format" }, { Place, "userId" }, { Place, "format" },
        { Part, "list" }, { Part, "segments[0].userId" }, { Part, "segments[0].blobUrl" }, { Part, "segments[0].contentMd5" },
        { Finalize, "endReason" }, { Finalize, "segments[0].userId" }, { Finalize, "segments[0].blobUrl" },
        { Finalize, "segments[0].contentMd5" }, { Finalize, "segments[0].format" }, { Finalize, "missingSegments[0].userId" },
        { Finalize, "missingSegments[0].reason" }, { Finalize, "gaps[0].reason" }, { Finalize, "notes[0].text" },
        { Finalize, "notes[0].username" }, { Finalize, "consent.mode" }, { Finalize, "consent.texts[0]" },
        { Finalize, "consent.entries[0].username" }, { Finalize, "consent.entries[0].choice" }, { Finalize, "consent.entries[0].button" },
        { Finalize, "furtherChannelIds[0]" }, { Finalize, "unverifiedUserIds[0]" }, { Complete, "files[0].userId" },
        { Complete, "files[0].blobUrl" }, { Share, "scopes" }, { Settings, "announceMode" }, { Settings, "consent" },
        { Settings, "optedOutUserIds[0]" }, { Webhook, "url" }, { Webhook, "events" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    [MemberData(nameof(Others))]
    public async Task Text_that_is_too_long_is_refused_by_its_name(string route, string field)
    {
        App app = shared.App;
        string id = await BeginAsync(app, route);
        JsonObject body = Body(app, route, id);
        Set(body, field, field.EndsWith("url", StringComparison.OrdinalIgnoreCase) ? $"https://a.example/{new string('x', 7_000)}"
            : new string('x', 7_000));

        (HttpStatusCode status, JsonNode? answer) = await SendAsync(app, route, id, body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, Assert.Single(answer!["errors"]!.AsObject()).Key);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Mark_of_direction_and_control_character_are_refused_or_left_out(string route, string field)
    {
        App app = shared.App;
        foreach (string mark in new[] { "\u202E", "\u2066", "\u0000", "\u009F", "\u2028" })
        {
            string id = await BeginAsync(app, route);
            JsonObject body = Body(app, route, id);
            Set(body, field, $"a{mark}b");

            (HttpStatusCode status, JsonNode? answer) = await SendAsync(app, route, id, body);

            if (status == HttpStatusCode.BadRequest)
            {
                Assert.Equal(field, Assert.Single(answer!["errors"]!.AsObject()).Key);
                continue;
            }
            Assert.True((int)status is >= 200 and < 300, $"{status} {answer}");
            string begun = (string?)body["sessionId"] ?? id;
            string kept = await app.Http.GetStringAsync(new Uri($"api/recordings/{begun}", UriKind.Relative), Cancellation);
            Assert.DoesNotContain(mark, $"{kept}{answer}{Regex.Unescape(kept)}", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET recordings?guildId=#")]
    [InlineData("GET recordings?guildId=5&cursor=#")]
    [InlineData("GET recordings/#")]
    [InlineData("GET recordings/#/segments")]
    [InlineData("GET recordings/@/segments?after=#")]
    [InlineData("GET recordings/@/segments?from=#")]
    [InlineData("GET recordings/#/files")]
    [InlineData("GET recordings/@/files/#")]
    [InlineData("GET recordings/@/tracks/#/peaks")]
    [InlineData("GET recordings/#/deletion")]
    [InlineData("DELETE recordings/#")]
    [InlineData("GET recordings/#/shares")]
    [InlineData("DELETE recordings/@/shares/#")]
    [InlineData("GET recordings/#/erasures/7")]
    [InlineData("GET recordings/@/erasures/#")]
    [InlineData("PUT recordings/@/erasures/#")]
    [InlineData("GET guilds/#/settings")]
    [InlineData("PUT guilds/5801/settings/opt-outs/#")]
    [InlineData("DELETE guilds/5801/settings/opt-outs/#")]
    [InlineData("GET guilds/#/webhooks")]
    [InlineData("DELETE guilds/#/webhooks")]
    [InlineData("POST guilds/#/webhooks/test")]
    [InlineData("PUT guilds/#/erasures/7")]
    [InlineData("GET guilds/5801/erasures/#")]
    [InlineData("GET events?after=#")]
    public async Task Address_with_such_a_text_in_it_leads_nowhere(string route)
    {
        App app = shared.App;
        string id = await BeginAsync(app, route);
        foreach (string text in new[] { new string('x', 2_000), new string('9', 2_000), "5%E2%80%AE", "5%07", "%E2%80%AE", "..%2F..%2Fa" })
        {
            (HttpStatusCode status, JsonNode? answer) =
                await SendAsync(app, route.Replace("#", text, StringComparison.Ordinal), id, body: null);
            Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{text}: {status} {answer}");
        }
    }

    /// <summary>A recording that runs, or was announced, with its one file.</summary>
    private static async Task<string> BeginAsync(App app, string route)
    {
        string id = $"{RecordingId.New(TimeProvider.System)}";
        if (route == Complete) await PostAsync(app, "recordings/init", BatchInit(id, Segment(0)));
        else await PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        await PutSegmentsAsync(app, id, 1);
        return id;
    }

    private static JsonObject Body(App app, string route, string id)
    {
        string another = $"{RecordingId.New(TimeProvider.System)}";
        JsonObject end = End(app, id, 1);
        return route switch
        {
            InitLive => WireRequests.Init(another),
            Init => BatchInit(another, Segment(0)),
            Place => Segment(0),
            Part => new JsonObject { ["list"] = "one-list-of-it", ["first"] = 0, ["segments"] = end["segments"]!.DeepClone() },
            Finalize => Ended(end),
            Complete => new JsonObject
            {
                ["files"] = new JsonArray(Completed(new JsonObject
                {
                    ["fileIndex"] = 0,
                    ["uploadUrl"] = (string)end["segments"]![0]!["blobUrl"]!,
                })),
            },
            Patch => new JsonObject { ["title"] = "Weekly" },
            Share => JsonNode.Parse("""{"scopes":["listen"]}""")!.AsObject(),
            Settings => JsonNode.Parse("""{"announceMode":"text","consent":"off","optedOutUserIds":["7"]}""")!.AsObject(),
            Webhook => JsonNode.Parse("""{"url":"https://a.example/hook","events":["recording.completed"]}""")!.AsObject(),
            _ => throw new ArgumentException(route),
        };
    }

    private static JsonObject Ended(JsonObject end)
    {
        foreach ((string name, JsonNode? value) in JsonNode.Parse("""
            {"endReason":"stopped","missingSegments":[{"userId":"5","segmentIndex":7,"reason":"late"}],
             "gaps":[{"startSample":0,"sampleCount":960,"reason":"loss"}],
             "notes":[{"sample":5,"userId":"5","username":"Ada","text":"remember"}],"furtherChannelIds":["9"],"unverifiedUserIds":["8"],
             "consent":{"mode":"ask","texts":["Press it"],
              "entries":[{"userId":"5","username":"Ada","choice":"agreed","button":"I agree","at":"2026-01-02T03:04:06Z"}]}}
            """)!.AsObject()) end[name] = value!.DeepClone();
        return end;
    }

    /// <param name="field">As the answer names it: <c>consent.entries[0].button</c>. Of a list that is named as a whole, its first.</param>
    private static void Set(JsonObject body, string field, string text)
    {
        JsonNode at = body;
        string[] way = [.. Regex.Matches(field, @"[^.\[\]]+").Select(part => part.Value)];
        foreach (string part in way[..^1]) at = at is JsonArray list ? list[int.Parse(part)]! : at[part]!;
        if (at is JsonArray last) last[int.Parse(way[^1])] = text;
        else if (at[way[^1]] is JsonArray whole) whole[0] = text;
        else at[way[^1]] = text;
    }

    private static async Task<(HttpStatusCode Status, JsonNode? Answer)> SendAsync(App app, string route, string id, JsonObject? body)
    {
        string[] parts = route.Replace("@", id, StringComparison.Ordinal).Split(' ');
        using HttpRequestMessage request = new(new HttpMethod(parts[0]), new Uri($"{app.Address}api/{parts[1]}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        string text = await answer.Content.ReadAsStringAsync(Cancellation);
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }
}
