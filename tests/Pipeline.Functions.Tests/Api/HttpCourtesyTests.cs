using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Shares;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What any HTTP client, browser or tool may expect of the API, beside what its routes are for.</summary>
public sealed class HttpCourtesyTests(AzuriteFixture azurite, AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refusal_says_how_to_get_in_and_what_was_made_says_where_it_is()
    {
        App app = shared.App;
        using HttpRequestMessage stranger = new(HttpMethod.Get, new Uri(app.Address, "api/health"));
        using HttpClient http = new();
        using HttpResponseMessage refused = await http.SendAsync(stranger, Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("x-functions-key", Assert.Single(refused.Headers.WwwAuthenticate).ToString(), StringComparison.Ordinal);

        Session session = new(570, (5, "Ada", 1));
        using HttpResponseMessage made = await app.PostAsync("api/recordings/init-live",
            Delivery.ApiClient.WireMapping.InitLive(session.Info with { RecordingId = RecordingId.New(TimeProvider.System) }),
            WireJsonContext.Default.InitLiveRequest);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Http.GetAsync(made.Headers.Location, Cancellation)).StatusCode);
        RecordingId id = RecordingId.Parse(made.Headers.Location!.ToString().Split('/')[^1]);
        using HttpResponseMessage link = await app.PostAsync($"api/recordings/{id}/shares", "{}");
        Assert.StartsWith($"/api/recordings/{id}/shares/", link.Headers.Location!.ToString(), StringComparison.Ordinal);
        using StringContent hook = new("""{"url":"https://example.org/hook","events":["recording.completed"]}""", Encoding.UTF8,
            "application/json");
        Uri place = new("api/guilds/577/webhooks", UriKind.Relative);
        using HttpResponseMessage webhook = await app.Http.PutAsync(place, hook, Cancellation);
        Assert.Equal((HttpStatusCode.Created, "/api/guilds/577/webhooks"), (webhook.StatusCode, webhook.Headers.Location?.ToString()));
    }

    [Theory]
    [InlineData("api/recordings?guildId=5")]
    [InlineData("api/events?limit=1")]
    [InlineData("api/openapi.json")]
    [InlineData("api/guilds/5/settings")]
    public async Task Answer_has_a_tag_and_is_not_sent_twice(string path)
    {
        App app = shared.App;
        using HttpResponseMessage first = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        EntityTagHeaderValue tag = first.Headers.ETag!;
        using HttpRequestMessage again = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        again.Headers.IfNoneMatch.Add(tag);
        using HttpResponseMessage second = await app.Http.SendAsync(again, Cancellation);
        using HttpRequestMessage other = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        other.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"another\""));
        using HttpResponseMessage third = await app.Http.SendAsync(other, Cancellation);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotModified, HttpStatusCode.OK),
            (first.StatusCode, second.StatusCode, third.StatusCode));
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory]
    [InlineData("@", true)]
    [InlineData("W/@", true)]
    [InlineData("*", true)]
    [InlineData("\"x\", @", true)]
    [InlineData("W/\"x\",\t@, \"y\"", true)]
    [InlineData("\"a, b\", , W/@", true)]
    [InlineData("\"x\"", false)]
    [InlineData("\"x\", \"y\"", false)]
    [InlineData("x", false)]
    [InlineData("", false)]
    public async Task Known_tags_are_a_list_of_which_any_will_do(string header, bool isKnown)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        string[] paths = ["api/recordings?guildId=5", "api/guilds/5/settings", $"api/recordings/{id}", $"r/{id}"];
        foreach (string path in paths)
        {
            using HttpResponseMessage first = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            string tag = first.Headers.ETag!.Tag;

            HttpStatusCode status = (await AskAsync(app, path, header.Replace("@", tag, StringComparison.Ordinal))).Status;

            Assert.True(status == (isKnown ? HttpStatusCode.NotModified : HttpStatusCode.OK), $"{path}: {status}");
        }
    }

    [Fact]
    public async Task Finished_recording_with_its_links_is_not_sent_again_while_they_last()
    {
        // At the beginning of a quarter of an hour.
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 900 * 900));
        await using App app = await App.StartAsync(azurite.ConnectionString, time: clock);
        string id = RecordingId.New(TimeProvider.System).ToString(), path = $"api/recordings/{id}";
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        await WireRequests.PutSegmentsAsync(app, id, 1);
        Assert.Equal(HttpStatusCode.OK,
            (await WireRequests.PostAsync(app, $"recordings/{id}/finalize", WireRequests.End(app, id, 1))).Status);

        (HttpStatusCode first, string? tag, RecordingDetails? one) = await AskAsync(app, path, null);
        Assert.Equal((HttpStatusCode.OK, true), (first, tag?.StartsWith("W/\"", StringComparison.Ordinal)));
        Assert.NotNull(one!.Segments[0].DownloadUrl);
        clock.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(HttpStatusCode.NotModified, (await AskAsync(app, path, tag)).Status);

        clock.Advance(TimeSpan.FromMinutes(1));
        (HttpStatusCode later, string? next, RecordingDetails? two) = await AskAsync(app, path, tag);
        Assert.Equal((HttpStatusCode.OK, false), (later, next == tag));
        // By the storage's clock, which goes on by itself.
        Assert.Equal(SasIssuer.EndOf(new Uri(two!.Segments[0].DownloadUrl!)), two.Segments[0].DownloadExpiresAt);

        using HttpRequestMessage rename = new(HttpMethod.Patch, new Uri(path, UriKind.Relative));
        rename.Content = new StringContent("""{"title":"Another"}""", System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.NoContent, (await app.Http.SendAsync(rename, Cancellation)).StatusCode);
        (HttpStatusCode renamed, _, RecordingDetails? three) = await AskAsync(app, path, next);
        Assert.Equal((HttpStatusCode.OK, "Another"), (renamed, three!.Title));
    }

    [Theory]
    [InlineData("api/recordings?guildId=5", 200)]
    [InlineData("api/recordings?guildId=x", 400)]
    [InlineData("api/health", 200)]
    [InlineData("api/openapi.json", 200)]
    [InlineData("api/events", 200)]
    [InlineData("api/guilds/5/settings", 200)]
    [InlineData("api/recordings/init-live", 404)]
    public async Task Head_answers_as_get_does_without_a_body(string path, int status)
    {
        App app = shared.App;
        using HttpRequestMessage head = new(HttpMethod.Head, new Uri(path, UriKind.Relative));
        using HttpResponseMessage answer = await app.Http.SendAsync(head, Cancellation);
        using HttpResponseMessage get = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        Assert.Equal((status, status), ((int)answer.StatusCode, (int)get.StatusCode));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal(get.Content.Headers.ContentType, answer.Content.Headers.ContentType);
    }

    [Theory]
    [InlineData("api/openapi.json", "application/json")]
    [InlineData("api/recordings/nothing", "application/problem+json")]
    public async Task Json_is_compressed_for_those_who_take_it(string path, string type)
    {
        App app = shared.App;
        using HttpClient plain = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
        using HttpRequestMessage request = Ask();
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using HttpResponseMessage small = await plain.SendAsync(request, Cancellation);
        using HttpRequestMessage again = Ask();
        using HttpResponseMessage whole = await plain.SendAsync(again, Cancellation);

        Assert.Equal(type, small.Content.Headers.ContentType!.MediaType);
        Assert.Equal("gzip", Assert.Single(small.Content.Headers.ContentEncoding));
        Assert.Empty(whole.Content.Headers.ContentEncoding);
        await using GZipStream zip = new(await small.Content.ReadAsStreamAsync(Cancellation), CompressionMode.Decompress);
        using StreamReader reader = new(zip);
        JsonNode unpacked = JsonNode.Parse(await reader.ReadToEndAsync(Cancellation))!;
        JsonNode read = JsonNode.Parse(await whole.Content.ReadAsStringAsync(Cancellation))!;
        foreach (JsonNode node in (JsonNode[])[unpacked, read]) (node as JsonObject)?.Remove("traceId");
        Assert.Equal(read.ToJsonString(), unpacked.ToJsonString());

        HttpRequestMessage Ask()
        {
            HttpRequestMessage ask = new(HttpMethod.Get, new Uri(app.Address, path));
            ask.Headers.Add("x-functions-key", App.Key);
            return ask;
        }
    }

    [Theory]
    [InlineData("https://app.example.org", true)]
    [InlineData("https://slash.example.org", true)]
    [InlineData("https://port.example.org", true)]
    [InlineData("https://xn--mller-kva.example", true)]
    [InlineData("http://localhost:3000", true)]
    [InlineData("http://localhost", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("http://[::1]:5173", true)]
    [InlineData("http://app.example.org", false)]
    [InlineData("null", false)]
    public async Task Only_pages_that_a_setting_names_may_call_from_elsewhere(string origin, bool isWelcome)
    {
        const string origins = "https://app.example.org;https://Slash.example.org/;https://port.example.org:443;"
            + "https://müller.example;http://localhost:3000/;http://[::1]:5173";
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["Functions:CorsOrigins"] = origins });
        using HttpRequestMessage ask = new(HttpMethod.Options, new Uri("api/recordings?guildId=5", UriKind.Relative));
        ask.Headers.Add("Origin", origin);
        ask.Headers.Add("Access-Control-Request-Method", "GET");
        ask.Headers.Add("Access-Control-Request-Headers", "x-functions-key");
        // A browser asks before it shows a key.
        using HttpClient browser = new() { BaseAddress = app.Address };
        using HttpResponseMessage preflight = await browser.SendAsync(ask, Cancellation);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri("api/recordings?guildId=5", UriKind.Relative));
        request.Headers.Add("Origin", origin);
        using HttpClient http = new() { BaseAddress = app.Address };
        http.DefaultRequestHeaders.Add("x-functions-key", App.Key);
        using HttpResponseMessage answer = await http.SendAsync(request, Cancellation);

        string[] allowed = [.. Header(preflight, "Access-Control-Allow-Origin"), .. Header(answer, "Access-Control-Allow-Origin")];
        Assert.Equal(isWelcome ? [origin, origin] : [], allowed);
        Assert.Equal(isWelcome ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(Header(answer, "Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("GET", "recordings?guildId=5", "bot", 200)]
    [InlineData("GET", "recordings?guildId=5", "reader", 200)]
    [InlineData("GET", "guilds/5/settings", "bot", 200)]
    [InlineData("GET", "guilds/5/settings", "reader", 403)]
    [InlineData("PUT", "guilds/5/settings/opt-outs/7", "bot", 204)]
    [InlineData("PUT", "guilds/5/settings/opt-outs/7", "reader", 403)]
    [InlineData("GET", "events", "bot", 403)]
    [InlineData("GET", "events", "reader", 200)]
    [InlineData("POST", "recordings/init-live", "bot", 403)]
    [InlineData("POST", "recordings/init-live", "reader", 403)]
    [InlineData("POST", "recordings/00000000-0000-0000-0000-000000000001/finalize", "bot", 403)]
    [InlineData("PUT", "recordings/00000000-0000-0000-0000-000000000001/finalize/parts/0", "bot", 403)]
    [InlineData("POST", "recordings/00000000-0000-0000-0000-000000000001/segment-upload-url", "bot", 403)]
    [InlineData("PUT", "guilds/5/webhooks", "bot", 403)]
    [InlineData("DELETE", "recordings/00000000-0000-0000-0000-000000000001", "bot", 404)]
    [InlineData("DELETE", "recordings/00000000-0000-0000-0000-000000000001", "reader", 403)]
    [InlineData("PATCH", "recordings/00000000-0000-0000-0000-000000000001", "reader", 403)]
    [InlineData("GET", "recordings/00000000-0000-0000-0000-000000000001", "reader", 404)]
    [InlineData("GET", "recordings/00000000-0000-0000-0000-000000000001/segments", "bot", 403)]
    [InlineData("GET", "recordings/00000000-0000-0000-0000-000000000001/files", "bot", 404)]
    [InlineData("GET", "recordings/00000000-0000-0000-0000-000000000001/files/mix.flac", "bot", 403)]
    [InlineData("PATCH", "recordings/00000000-0000-0000-0000-000000000001", "bot", 415)]
    [InlineData("PUT", "guilds/5/erasures/7", "bot", 202)]
    [InlineData("PUT", "guilds/5/erasures/7", "reader", 403)]
    [InlineData("GET", "guilds/5/erasures/8", "bot", 404)]
    [InlineData("PUT", "recordings/00000000-0000-0000-0000-000000000001/erasures/7", "reader", 403)]
    [InlineData("PUT", "recordings/00000000-0000-0000-0000-000000000001/erasures/7", "another", 401)]
    [InlineData("GET", "recordings/00000000-0000-0000-0000-000000000001/erasures/8", "bot", 404)]
    [InlineData("GET", "health", "bot", 200)]
    [InlineData("GET", "health", "another", 401)]
    public async Task Key_opens_what_its_holder_needs(string method, string path, string key, int status)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString,
            new() { ["Functions:BotKey"] = "bot", ["Functions:ReadKey"] = "reader" });
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri($"api/{path}", UriKind.Relative));
        app.Http.DefaultRequestHeaders.Remove("x-functions-key");
        request.Headers.Add("x-functions-key", key);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        using HttpResponseMessage byQuery = await app.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method),
            new Uri($"api/{path}{(path.Contains('?') ? '&' : '?')}code={key}", UriKind.Relative)), Cancellation);

        Assert.Equal((status, status), ((int)answer.StatusCode, (int)byQuery.StatusCode));
    }

    [Fact]
    public async Task Download_is_named_after_its_speaker_and_tells_nothing_of_where_it_came_from()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Uri blobs = app.Storage.Blobs.Uri;
        await using CuttingProxy proxy = await CuttingProxy.StartAsync(new Uri(blobs.GetLeftPart(UriPartial.Authority)));
        await using App watched = await App.StartAsync(azurite.ConnectionString.Replace(blobs.GetLeftPart(UriPartial.Authority),
            proxy.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal));
        Session session = new(571, (5, "Ада Lovelace", 1));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        Assert.True(await watched.MoveAsync(session.Segments[0]));
        Assert.True(await watched.FinalizeAsync(session.Stopped));

        RecordingSegment segment = (await watched.RecordingAsync(session.Id))!.Segments[0];
        using HttpClient http = new();
        using HttpResponseMessage file = await http.GetAsync(new Uri(segment.DownloadUrl!), Cancellation);

        Assert.Equal("Ада-Lovelace-000.wav", file.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal("audio/wav", file.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain(file.Headers, header => header.Key.StartsWith("x-ms-meta-pipeline", StringComparison.OrdinalIgnoreCase)
            || header.Value.Any(value => value.Contains("contentMd5", StringComparison.Ordinal)));
        // The emulator goes on naming the source; the service forgets it with this request.
        BlobProperties found = await app.Storage.Recordings.GetBlobClient(app.Get<RecordingsContainer>().NameOf(
            new Uri(segment.BlobUrl.Replace(proxy.Address.GetLeftPart(UriPartial.Authority), blobs.GetLeftPart(UriPartial.Authority),
            StringComparison.Ordinal)))!).GetPropertiesAsync(cancellationToken: Cancellation);
        Assert.Equal(session.Segments[0].ContentMd5, Convert.ToBase64String(found.ContentHash));
        Assert.Contains(proxy.Requests, request => request.StartsWith("PUT", StringComparison.Ordinal)
            && request.EndsWith("?comp=properties", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Segment_whose_address_lies_elsewhere_is_not_listed_for_listeners()
    {
        App app = shared.App;
        Session session = new(572, (5, "Ada", 2));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording known = (await catalogue.FindAsync(session.Id.ToString(), Cancellation)).Recording!;
        List<RecordingSegment> segments = await catalogue.ReadSegmentsAsync(session.Id.ToString(), known.SegmentSet!, Cancellation);
        // As recordings have it that were finalized before addresses were checked.
        segments[0] = segments[0] with { BlobUrl = "https://elsewhere.example/audio.wav" };
        await catalogue.WriteSegmentsAsync(session.Id.ToString(), known.SegmentSet!, segments, Cancellation);

        using HttpResponseMessage answer = await app.Http.GetAsync(
            new Uri($"api/recordings/{session.Id}/segments", UriKind.Relative), Cancellation);

        SegmentPage page = await app.ReadAsync(answer, WireJsonContext.Default.SegmentPage);
        Assert.Equal(1, Assert.Single(page.Segments).SegmentIndex);
        Assert.Null((await app.RecordingAsync(session.Id))!.Segments[0].DownloadUrl);
    }

    [Theory]
    [InlineData("?code=bot&code=x", null)]
    [InlineData("?code=x&code=bot", null)]
    [InlineData("?Code=bot&code=", null)]
    [InlineData("?code=bot", "x")]
    [InlineData("", "bot,x")]
    [InlineData("?code=reader&code=bot", null)]
    public async Task Second_key_makes_nobody_the_owner_behind_a_host_that_has_asked_for_one(string query, string? header)
    {
        App app = shared.App;
        bool isThrough = false;
        ApiOptions options = app.Get<ApiOptions>() with { Key = null, BotKey = "bot", ReadKey = "reader" };
        AccessCheck check = new(_ => { isThrough = true; return Task.CompletedTask; }, options, app.Get<ShareSessions>());
        DefaultHttpContext context = new() { RequestServices = app.Get<IServiceProvider>() };
        context.Request.Method = "PUT";
        context.Request.QueryString = new QueryString(query);
        if (header is not null) context.Request.Headers["x-functions-key"] = header.Split(',');
        context.SetEndpoint(new Endpoint(null, EndpointMetadataCollection.Empty, "a server's webhook"));

        await check.InvokeAsync(context);

        Assert.Equal((StatusCodes.Status403Forbidden, false), (context.Response.StatusCode, isThrough));
    }

    [Fact]
    public async Task Packed_answer_and_plain_one_share_a_weak_tag_and_say_that_they_differ()
    {
        App app = shared.App;
        using HttpClient http = new() { BaseAddress = app.Address };
        http.DefaultRequestHeaders.Add("x-functions-key", App.Key);
        foreach (string path in new[] { "api/recordings?guildId=5", "api/openapi.json" })
        {
            using HttpRequestMessage packed = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
            packed.Headers.Add("Accept-Encoding", "gzip");
            using HttpResponseMessage first = await http.SendAsync(packed, Cancellation);
            using HttpResponseMessage plain = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            using HttpRequestMessage known = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
            known.Headers.Add("If-None-Match", plain.Headers.ETag!.ToString());
            using HttpResponseMessage same = await http.SendAsync(known, Cancellation);

            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
            Assert.All([first, plain, same], answer =>
            {
                Assert.Equal((true, plain.Headers.ETag.Tag), (answer.Headers.ETag!.IsWeak, answer.Headers.ETag.Tag));
                Assert.Equal(["Accept-Encoding"], answer.Headers.Vary);
            });
        }
    }

    private static async Task<(HttpStatusCode Status, string? Tag, RecordingDetails? Recording)> AskAsync(App app, string path,
        string? known)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (known is not null) request.Headers.TryAddWithoutValidation("If-None-Match", known);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        bool isRecording = path.StartsWith("api/recordings/", StringComparison.Ordinal) && answer.StatusCode == HttpStatusCode.OK;
        return (answer.StatusCode, answer.Headers.ETag?.ToString(),
            isRecording ? await app.ReadAsync(answer, WireJsonContext.Default.RecordingDetails) : null);
    }

    private static string[] Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? [.. values] : [];
}
