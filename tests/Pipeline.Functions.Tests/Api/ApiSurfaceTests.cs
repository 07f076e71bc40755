using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What holds for every route: the key, the document that describes them, and fields that a newer client adds.</summary>
public sealed class ApiSurfaceTests(AzuriteFixture azurite, AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Settings_come_back_with_fields_that_nobody_here_knows()
    {
        App app = shared.App;
        Uri address = new("api/guilds/777/settings", UriKind.Relative);
        Assert.Equal("{\"optedOutUserIds\":[]}", await app.Http.GetStringAsync(address, Cancellation));
        using StringContent body = new("""{"recorderRoleId":"123456789012345678","announceMode":"voice","optedOutUserIds":["5"],"colour":{"r":1}}""", Encoding.UTF8, "application/json");

        Assert.Equal(HttpStatusCode.OK, (await app.Http.PutAsync(address, body, Cancellation)).StatusCode);

        JsonNode back = JsonNode.Parse(await app.Http.GetStringAsync(address, Cancellation))!;
        Assert.Equal(("123456789012345678", "voice", 1),
            ((string?)back["recorderRoleId"], (string?)back["announceMode"], (int)back["colour"]!["r"]!));
        using StringContent bad = new("""{"optedOutUserIds":["x"]}""", Encoding.UTF8, "application/json");
        string problem = await (await app.Http.PutAsync(address, bad, Cancellation)).Content.ReadAsStringAsync(Cancellation);
        Assert.Contains("optedOutUserIds[0]", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_is_asked_for_in_header_or_query_and_the_pipeline_has_it()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["Functions:Key"] = "open sesame" });
        app.Http.DefaultRequestHeaders.Remove("x-functions-key");
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await app.Http.GetAsync(new Uri("api/health", UriKind.Relative), Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.PostAsync("MoveSegment", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await app.Http.GetAsync(new Uri("api/health?code=wrong", UriKind.Relative), Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Http.GetAsync(new Uri("api/health?code=open%20sesame", UriKind.Relative), Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Http.GetAsync(new Uri("/", UriKind.Relative), Cancellation)).StatusCode);
        app.Http.DefaultRequestHeaders.Add("x-functions-key", "open sesame");
        Session session = new(521, (5, "Ada", 1));
        await session.PutAllAsync(app.Storage);

        Assert.True(await app.MoveAsync(session.Segments[0]));
    }

    [Theory]
    [InlineData("GET", "recordings?guildId=05", "guildId", null)]
    [InlineData("GET", "guilds/05/settings", "guildId", null)]
    [InlineData("PUT", "guilds/5/settings", "optedOutUserIds[0]", """{"optedOutUserIds":["05"]}""")]
    [InlineData("PUT", "guilds/5/settings/opt-outs/05", "userId", null)]
    [InlineData("GET", "guilds/05/webhooks", "guildId", null)]
    [InlineData("PUT", "guilds/5/erasures/05", "userId", null)]
    [InlineData("PUT", "recordings/@/erasures/05", "userId", null)]
    [InlineData("GET", "recordings/@/tracks/05/peaks", "userId", null)]
    [InlineData("POST", "recordings/init-live", "guildId", """{"guildId":"010","channelId":"20","userId":"30"}""")]
    [InlineData("POST", "recordings/init-live", "channelId", """{"guildId":"10","channelId":"020","userId":"30"}""")]
    [InlineData("POST", "recordings/init", "userId", """{"guildId":"10","channelId":"20","userId":"00"}""")]
    [InlineData("POST", "recordings/@/segment-upload-url", "userId", """{"userId":"05"}""")]
    [InlineData("POST", "recordings/@/finalize", "segments[0].userId", """{"segments":[{"userId":"05"}]}""")]
    [InlineData("PUT", "recordings/@/finalize/parts/0", "segments[0].userId", """{"segments":[{"userId":"05"}]}""")]
    [InlineData("POST", "recordings/@/complete", "files[0].userId", """{"files":[{"userId":"05"}]}""")]
    [InlineData("GET", "recordings?guildId=5%00", "guildId", null)] // the parser of numbers passes over NULs behind the digits
    [InlineData("PUT", "guilds/5/settings", "optedOutUserIds[0]", """{"optedOutUserIds":["5\u0000"]}""")]
    [InlineData("POST", "recordings/init-live", "guildId", """{"guildId":"10\u0000","channelId":"20","userId":"30"}""")]
    [InlineData("POST", "recordings/@/segment-upload-url", "userId", """{"userId":"5\u0000"}""")]
    [InlineData("POST", "recordings/@/finalize", "segments[0].userId", """{"segments":[{"userId":"5\u0000\u0000"}]}""")]
    public async Task Id_is_written_in_one_way_so_that_one_person_has_one_name(string method, string path, string field, string? body)
    {
        App app = shared.App;
        string address = $"api/{path.Replace("@", Guid.NewGuid().ToString(), StringComparison.Ordinal)}";
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(address, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal("must be a decimal string without a leading zero", (string?)problem["errors"]?[field]?[0]);
    }

    [Fact]
    public async Task Document_describes_every_operation()
    {
        App app = shared.App;
        JsonNode document = JsonNode.Parse(await app.Http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative), Cancellation))!;

        string[] paths = [.. document["paths"]!.AsObject().Select(path => path.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(
            ["/api/events", "/api/guilds/{guildId}/erasures/{userId}", "/api/guilds/{guildId}/settings",
                "/api/guilds/{guildId}/settings/opt-outs/{userId}",
                "/api/guilds/{guildId}/webhooks",
             "/api/guilds/{guildId}/webhooks/test", "/api/health",
             "/api/recordings", "/api/recordings/init", "/api/recordings/init-live", "/api/recordings/{recordingId}",
                 "/api/recordings/{recordingId}/complete",
             "/api/recordings/{recordingId}/deletion", "/api/recordings/{recordingId}/erasures/{userId}",
             "/api/recordings/{recordingId}/files", "/api/recordings/{recordingId}/files/{name}", "/api/recordings/{recordingId}/finalize",
                 "/api/recordings/{recordingId}/finalize/parts/{part}",
                 "/api/recordings/{recordingId}/segment-upload-url", "/api/recordings/{recordingId}/segments",
             "/api/recordings/{recordingId}/session", "/api/recordings/{recordingId}/shares",
                 "/api/recordings/{recordingId}/shares/{shareId}", "/api/recordings/{recordingId}/tracks/{userId}/peaks"],
            paths);
        Assert.NotNull(document["components"]!["schemas"]!["FinalizeRequest"]!["properties"]!["segments"]);
    }
}
