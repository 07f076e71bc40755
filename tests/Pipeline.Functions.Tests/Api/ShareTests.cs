using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>Links to recordings: what they open, and everything that they do not.</summary>
public sealed class ShareTests(AzuriteFixture azurite)
{
    private const string Key = "the-owner's-key";
    private static readonly (string, string) FromThePage = ("x-pipeline-page", "1");

    [Fact]
    public async Task Link_opens_its_recording_and_nothing_else()
    {
        await using App app = await StartAsync();
        (RecordingId mine, RecordingId other) = (await RecordAsync(app, 900), await RecordAsync(app, 901));
        ShareDetails link = await Visitor.ShareAsync(app, mine, Key, "listen");
        using Visitor visitor = new(app.Address);
        Assert.StartsWith($"{app.Address.GetLeftPart(UriPartial.Authority)}/r/{mine}#k=", link.Url, StringComparison.Ordinal);

        string? cookie = await visitor.OpenAsync(mine, Visitor.SecretOf(link));
        Assert.Contains($"path=/api/recordings/{mine};", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=strict", cookie, StringComparison.Ordinal);
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(Visitor.SecretOf(link), cookie, StringComparison.Ordinal);

        using HttpResponseMessage seen = await visitor.GetAsync($"/api/recordings/{mine}");
        RecordingDetails details = await app.ReadAsync(seen, WireJsonContext.Default.RecordingDetails);
        Assert.Equal(["listen"], details.Scopes);
        Assert.Empty(details.Segments);
        Assert.Equal(HttpStatusCode.OK, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{mine}/segments"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{other}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{other}/segments"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, "/api/recordings?guildId=1"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, "/api/health"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{mine}/shares"));
        Assert.Equal(HttpStatusCode.Unauthorized,
            await visitor.StatusAsync(HttpMethod.Post, $"/api/recordings/{mine}/shares", "{}", FromThePage));
        Assert.Equal(HttpStatusCode.Forbidden, await visitor.StatusAsync(HttpMethod.Delete, $"/api/recordings/{mine}", null, FromThePage));
        Assert.Equal(HttpStatusCode.Forbidden,
            await visitor.StatusAsync(HttpMethod.Patch, $"/api/recordings/{mine}", "{\"title\":\"x\"}", FromThePage));
    }

    [Theory]
    [InlineData("download", HttpStatusCode.OK, 2701)]
    [InlineData("delete", HttpStatusCode.Forbidden, 2702)]
    public async Task Link_without_listening_shows_what_the_recording_is_and_plays_nothing(string scope, HttpStatusCode files, int seed)
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, seed);
        using Visitor visitor = new(app.Address);
        await visitor.OpenAsync(id, Visitor.SecretOf(await Visitor.ShareAsync(app, id, Key, scope)));

        using HttpResponseMessage seen = await visitor.GetAsync($"/api/recordings/{id}");
        RecordingDetails details = await app.ReadAsync(seen, WireJsonContext.Default.RecordingDetails);
        Assert.Equal([scope], details.Scopes);
        Assert.Empty(details.Segments);
        Assert.Equal(files, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}/files"));
        Assert.Equal(HttpStatusCode.Forbidden, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}/segments"));
        Assert.Equal(HttpStatusCode.Forbidden,
            await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}/tracks/5/peaks?from=0&to=1"));
    }

    [Fact]
    public async Task Page_has_a_way_of_its_own_that_takes_no_key()
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, 911);
        ShareDetails link = await Visitor.ShareAsync(app, id, Key, "listen");
        using Visitor visitor = new(app.Address);
        string page = $"/r/{id}";
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"{page}/api", null, ("x-functions-key", Key)));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"{page}/api/segments?code={Key}"));
        using (HttpResponseMessage opened = await visitor.SendAsync(HttpMethod.Post, $"{page}/api/session",
            $"{{\"key\":\"{Visitor.SecretOf(link)}\"}}", FromThePage))
        {
            string cookie = Assert.Single(opened.Headers.GetValues("Set-Cookie"));
            Assert.Contains($"path={page};", cookie, StringComparison.Ordinal);
            visitor.Cookie = cookie.Split(';')[0];
        }
        Assert.Equal(HttpStatusCode.OK, await visitor.StatusAsync(HttpMethod.Get, $"{page}/api?segments=none"));
        Assert.Equal(HttpStatusCode.OK, await visitor.StatusAsync(HttpMethod.Get, $"{page}/api/segments"));
        Assert.Equal(HttpStatusCode.OK, await visitor.StatusAsync(HttpMethod.Head, $"{page}/api?segments=none"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"{page}/api/shares"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"{page}/api/../../../recordings?guildId=1"));
    }

    [Fact]
    public async Task Wrong_links_are_all_refused_alike_and_not_at_once()
    {
        ShiftedTime time = new();
        await using App app = await StartAsync(time);
        RecordingId id = await RecordAsync(app, 902);
        ShareDetails good = await Visitor.ShareAsync(app, id, Key, "listen"), withdrawn = await Visitor.ShareAsync(app, id, Key, "listen");
        Assert.Equal(HttpStatusCode.NoContent,
            await OwnerAsync(app, HttpMethod.Delete, $"/api/recordings/{id}/shares/{withdrawn.ShareId}"));
        using Visitor visitor = new(app.Address);
        List<(string Body, TimeSpan Took)> refusals = [];
        foreach ((RecordingId recording, string secret) in new[] { (id, "wrong"), (id, "AAAAAAAAAAAAAAAAAAAAAA"),
            (id, Visitor.SecretOf(withdrawn)), (new Session(903).Id, Visitor.SecretOf(good)) })
        {
            refusals.Add(await RefusedAsync(visitor, recording, secret));
        }
        Assert.NotNull(await visitor.OpenAsync(id, Visitor.SecretOf(good)));

        time.Ahead = TimeSpan.FromDays(31);
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}"));
        refusals.Add(await RefusedAsync(visitor, id, Visitor.SecretOf(good)));
        Assert.Single(refusals.Select(refusal => refusal.Body).Distinct());
        Assert.All(refusals, refusal => Assert.InRange(refusal.Took, TimeSpan.FromMilliseconds(290), TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Eleventh_wrong_link_of_a_minute_is_not_looked_at()
    {
        ShiftedTime time = new();
        await using App app = await StartAsync(time);
        RecordingId id = await RecordAsync(app, 904);
        string secret = Visitor.SecretOf(await Visitor.ShareAsync(app, id, Key, "listen"));
        using Visitor visitor = new(app.Address);
        await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(_ => visitor.OpenAsync(id, "wrong", ("X-Forwarded-For", "9.9.9.9, 203.0.113.7:4321"))));

        using (HttpResponseMessage answer = await visitor.SendAsync(HttpMethod.Post, $"/api/recordings/{id}/session",
            $"{{\"key\":\"{secret}\"}}", ("X-Forwarded-For", "203.0.113.7")))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        }
        Assert.NotNull(await visitor.OpenAsync(id, secret, ("X-Forwarded-For", "203.0.113.8")));
        time.Ahead = TimeSpan.FromSeconds(61);
        Assert.NotNull(await visitor.OpenAsync(id, secret, ("X-Forwarded-For", "203.0.113.7")));
    }

    [Fact]
    public async Task Right_links_that_come_at_once_from_one_address_all_open()
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, 2703);
        string secret = Visitor.SecretOf(await Visitor.ShareAsync(app, id, Key, "listen"));
        using Visitor visitor = new(app.Address);
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ =>
            visitor.SendAsync(HttpMethod.Post, $"/api/recordings/{id}/session", $"{{\"key\":\"{secret}\"}}",
                ("X-Forwarded-For", "203.0.113.7"))));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        foreach (HttpResponseMessage answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task Of_fifty_wrong_links_at_once_ten_are_looked_at()
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, 914);
        string secret = Visitor.SecretOf(await Visitor.ShareAsync(app, id, Key, "listen"));
        using Visitor visitor = new(app.Address);
        (string, string) from = ("X-Forwarded-For", "203.0.113.7");
        // Right ones, and bodies that are none, take nothing from the ten.
        for (int i = 0; i < 12; i++) Assert.NotNull(await visitor.OpenAsync(id, secret, from));
        for (int i = 0; i < 12; i++)
            Assert.Equal(HttpStatusCode.BadRequest,
                await visitor.StatusAsync(HttpMethod.Post, $"/api/recordings/{id}/session", "[]", from));

        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ =>
            visitor.SendAsync(HttpMethod.Post, $"/api/recordings/{id}/session", "{\"key\":\"wrong\"}", from)));

        Assert.Equal(10, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        Assert.All(answers.Where(answer => answer.StatusCode != HttpStatusCode.Unauthorized), answer =>
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        });
        foreach (HttpResponseMessage answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task Withdrawn_link_closes_open_pages_on_every_instance()
    {
        await using App one = await StartAsync();
        await using App two = await StartAsync();
        RecordingId id = await RecordAsync(one, 905);
        ShareDetails link = await Visitor.ShareAsync(one, id, Key, "listen", "download");
        using Visitor visitor = new(one.Address), elsewhere = new(two.Address);
        await visitor.OpenAsync(id, Visitor.SecretOf(link));
        elsewhere.Cookie = visitor.Cookie;
        Assert.Equal(HttpStatusCode.OK, await elsewhere.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}"));

        Assert.Equal(HttpStatusCode.NoContent, await OwnerAsync(two, HttpMethod.Delete, $"/api/recordings/{id}/shares/{link.ShareId}"));
        Assert.Equal(HttpStatusCode.NoContent, await OwnerAsync(two, HttpMethod.Delete, $"/api/recordings/{id}/shares/{link.ShareId}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await elsewhere.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}/segments"));
        Assert.Equal(HttpStatusCode.NotFound, await OwnerAsync(two, HttpMethod.Delete, $"/api/recordings/{id}/shares/0123456789abcdef"));
        Assert.Equal(HttpStatusCode.NotFound, await OwnerAsync(two, HttpMethod.Delete, $"/api/recordings/{id}/shares/..%2Frecording"));
    }

    [Fact]
    public async Task Only_the_page_itself_may_change_something()
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, 906);
        ShareDetails link = await Visitor.ShareAsync(app, id, Key, "listen", "delete");
        using Visitor visitor = new(app.Address);
        await visitor.OpenAsync(id, Visitor.SecretOf(link));
        string path = $"/api/recordings/{id}";

        Assert.Equal(HttpStatusCode.Forbidden, await visitor.StatusAsync(HttpMethod.Delete, path));
        Assert.Equal(HttpStatusCode.Forbidden,
            await visitor.StatusAsync(HttpMethod.Delete, path, null, FromThePage, ("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(HttpStatusCode.BadRequest,
            await visitor.StatusAsync(HttpMethod.Patch, path, "{\"title\":\"a\\r\\nSet-Cookie: x=1\"}", FromThePage));
        Assert.Equal(HttpStatusCode.NoContent,
            await visitor.StatusAsync(HttpMethod.Patch, path, "{\"title\":\"<script>\\u202e\"}", FromThePage,
            ("Sec-Fetch-Site", "same-origin")));
        using (HttpResponseMessage seen = await visitor.GetAsync(path)) Assert.Equal("<script>",
            (await app.ReadAsync(seen, WireJsonContext.Default.RecordingDetails)).Title);
        Assert.Equal(HttpStatusCode.Accepted, await visitor.StatusAsync(HttpMethod.Delete, path, null, FromThePage));
        // Who had a link learns that the recording is gone; who had none learns nothing.
        Assert.Equal(HttpStatusCode.NotFound, await visitor.StatusAsync(HttpMethod.Get, path));
        visitor.Cookie = null;
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, path));
    }

    [Fact]
    public async Task Link_that_may_delete_gives_a_title_and_keeps_no_recording_beyond_its_day()
    {
        await using App app = await StartAsync(settings: new() { ["RECORDING_KEEP_DAYS"] = "30" });
        Session session = new(912, (5, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        ShareDetails link = await Visitor.ShareAsync(app, session.Id, Key, "listen", "delete");
        using Visitor visitor = new(app.Address);
        await visitor.OpenAsync(session.Id, Visitor.SecretOf(link));
        string path = $"/api/recordings/{session.Id}";

        foreach (string body in new[] { """{"isKept":true}""", """{"title":"mine","isKept":true}""", """{"isKept":false}""" })
            Assert.Equal(HttpStatusCode.Forbidden, await visitor.StatusAsync(HttpMethod.Patch, path, body, FromThePage));
        RecordingDetails left = await DetailsAsync();
        Assert.True(left is { IsKept: null, DeletesAt: not null, Title: "Weekly" });

        Assert.Equal(HttpStatusCode.NoContent, await visitor.StatusAsync(HttpMethod.Patch, path, """{"title":"mine"}""", FromThePage));
        left = await DetailsAsync();
        Assert.True(left is { IsKept: null, DeletesAt: not null, Title: "mine" });

        async Task<RecordingDetails> DetailsAsync()
        {
            using HttpResponseMessage seen = await visitor.GetAsync(path);
            return await app.ReadAsync(seen, WireJsonContext.Default.RecordingDetails);
        }
    }

    [Theory]
    [InlineData("pipeline-session=")]
    [InlineData("pipeline-session=0123456789abcdef.")]
    [InlineData("pipeline-session=recording.AAAA")]
    [InlineData("pipeline-session=' or 1 eq 1.AAAA")]
    [InlineData("pipeline-session=0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("pipeline-session=a.b.c; pipeline-session=d.e")]
    public async Task Made_up_cookie_opens_nothing(string cookie)
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, 907);
        await Visitor.ShareAsync(app, id, Key, "listen");
        using Visitor visitor = new(app.Address) { Cookie = cookie };
        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}"));
    }

    [Fact]
    public async Task Files_are_where_the_list_says_for_whoever_asks()
    {
        await using App app = await StartAsync(settings: new() { ["PUBLIC_BASE_URL"] = "https://record.example.org" });
        Session session = new(2606, (5, "Ada", 1));
        RecordingId id = session.Id;
        await app.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        using Visitor visitor = new(app.Address);
        string secret = Visitor.SecretOf(await Visitor.ShareAsync(app, id, Key, "listen", "download"));
        string? onPage = await OpenAsync($"/r/{id}/api"), elsewhere = await OpenAsync($"/api/recordings/{id}");
        foreach ((string way, string start) in new[] { ($"/api/recordings/{id}", $"/api/recordings/{id}/files/"),
            ($"/r/{id}/api", $"/r/{id}/api/files/") })
        {
            visitor.Cookie = way.StartsWith("/r/", StringComparison.Ordinal) ? onPage : elsewhere;
            using HttpResponseMessage files = await visitor.SendAsync(HttpMethod.Get, $"{way}/files", null, ("Host", "record.example.org"));
            JsonNode listed = JsonNode.Parse(await files.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["files"]!;
            Assert.All(listed.AsArray(), file =>
                Assert.StartsWith($"https://record.example.org{start}", (string?)file!["url"], StringComparison.Ordinal));
            Uri first = new((string)listed[0]!["url"]!);
            Assert.Contains(await visitor.StatusAsync(HttpMethod.Get, first.PathAndQuery, null, ("Host", "record.example.org")),
                new[] { HttpStatusCode.Redirect, HttpStatusCode.Accepted });
        }

        async Task<string?> OpenAsync(string way)
        {
            using HttpResponseMessage opened = await visitor.SendAsync(HttpMethod.Post, $"{way}/session", $"{{\"key\":\"{secret}\"}}",
                FromThePage, ("Host", "record.example.org"));
            return opened.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        }
    }

    [Fact]
    public async Task Secrets_stand_in_no_list_and_no_log()
    {
        await using App app = await StartAsync(
            settings: new() { ["PUBLIC_BASE_URL"] = "https://record.example.org", ["SHARE_LINK_DAYS"] = "7" });
        RecordingId id = await RecordAsync(app, 908);
        ShareDetails link = await Visitor.ShareAsync(app, id, Key, "listen", "download", "delete");
        Assert.StartsWith($"https://record.example.org/r/{id}#k=", link.Url, StringComparison.Ordinal);
        Assert.InRange(link.ExpiresAt - link.CreatedAt, TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1),
            TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1));
        using Visitor visitor = new(app.Address);
        string secret = Visitor.SecretOf(link);
        string? cookie = await visitor.OpenAsync(id, secret, ("Host", "record.example.org"));
        Assert.Contains("secure", cookie, StringComparison.Ordinal);
        await visitor.OpenAsync(id, secret[..^1]);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri($"/api/recordings/{id}/shares", UriKind.Relative));
        request.Headers.Add("x-functions-key", Key);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string list = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonNode shown = Assert.Single(JsonNode.Parse(list)!["shares"]!.AsArray())!;
        Assert.Equal(["listen", "download", "delete"], shown["scopes"]!.AsArray().Select(scope => (string?)scope));
        string everything = list + string.Join('\n', app.Log.Lines);
        Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
        Assert.DoesNotContain(cookie!.Split(['=', ';'])[1].Split('.')[1], everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_of_a_deleted_recording_says_that_it_is_gone_and_not_that_the_link_is_wrong()
    {
        await using App app = await StartAsync();
        RecordingId id = await RecordAsync(app, 2709);
        string secret = Visitor.SecretOf(await Visitor.ShareAsync(app, id, Key, "listen"));
        Assert.Equal(HttpStatusCode.Accepted, await OwnerAsync(app, HttpMethod.Delete, $"/api/recordings/{id}"));
        for (int look = 0; look < 2; look++) Assert.True(await app.EraseAsync(id));
        Assert.True(await app.Get<DeletionTable>().FindAsync(id, TestContext.Current.CancellationToken) is { IsDone: true });
        using Visitor visitor = new(app.Address);
        Assert.NotNull(await visitor.OpenAsync(id, secret));
        Assert.Equal(HttpStatusCode.NotFound, await visitor.StatusAsync(HttpMethod.Get, $"/api/recordings/{id}"));
    }

    [Theory]
    [InlineData("{\"scopes\":[]}", "scopes")]
    [InlineData("{\"scopes\":[\"everything\"]}", "scopes")]
    [InlineData("{\"scopes\":[null]}", "scopes")]
    [InlineData("{\"expiresAt\":\"2020-01-01T00:00:00Z\"}", "expiresAt")]
    [InlineData("{\"expiresAt\":\"9999-01-01T00:00:00Z\"}", "expiresAt")]
    public async Task Bad_share_is_named(string body, string field)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        RecordingId id = await RecordAsync(app, 909);
        using HttpResponseMessage answer = await app.PostAsync($"api/recordings/{id}/shares", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"{field}\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await app.PostAsync($"api/recordings/{new Session(910).Id}/shares", "{}")).StatusCode);
    }

    private Task<App> StartAsync(TimeProvider? time = null, Dictionary<string, string?>? settings = null) =>
        App.StartAsync(azurite.ConnectionString, new(settings ?? []) { ["Functions:Key"] = Key }, time);

    private static async Task<RecordingId> RecordAsync(App app, int seed)
    {
        Session session = new(seed, (5, "Ada", 1));
        Assert.True(await app.StartRecordingAsync(session.Started));
        return session.Id;
    }

    private static async Task<HttpStatusCode> OwnerAsync(App app, HttpMethod method, string path)
    {
        using Visitor owner = new(app.Address);
        return await owner.StatusAsync(method, path, null, ("x-functions-key", Key));
    }

    private static async Task<(string Body, TimeSpan Took)> RefusedAsync(Visitor visitor, RecordingId recording, string secret)
    {
        long began = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await visitor.SendAsync(HttpMethod.Post, $"/api/recordings/{recording}/session",
            $"{{\"key\":\"{secret}\"}}");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        return (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), Stopwatch.GetElapsedTime(began));
    }
}
