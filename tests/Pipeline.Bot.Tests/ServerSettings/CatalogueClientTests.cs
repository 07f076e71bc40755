using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Tests.ServerSettings;

/// <summary>What is asked of a recording API, ours or another's, and what its answers mean.</summary>
public sealed class CatalogueClientTests : IDisposable
{
    private const ulong Guild = 7;

    private readonly Answers answers = new();
    private readonly HttpClient http;
    private readonly FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly CatalogueOptions options = new() { BaseUrl = new Uri("http://127.0.0.1:1/base/"), ApiKey = "a-key" };

    public CatalogueClientTests() => http = new HttpClient(answers);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private CatalogueClient Client => new(http, options, time);

    public void Dispose()
    {
        http.Dispose();
        answers.Dispose();
    }

    [Fact]
    public async Task Recording_is_looked_for_on_five_pages_by_either_id()
    {
        RecordingId session = RecordingId.New(TimeProvider.System);
        for (int page = 0; page < 4; page++) answers.Add(200, """{"recordings":[],"nextCursor":"a&b"}""");
        answers.Add(200, Page("more", ("other", "s-1"), ("x", session.ToString())));
        Assert.Equal("x", (await Client.FindAsync(Guild, session, Cancel))?.Id);
        Assert.Equal("GET /base/api/recordings?guildId=7&limit=20 a-key", answers.Asked[0]);
        Assert.Equal("GET /base/api/recordings?guildId=7&limit=20&cursor=a%26b a-key", answers.Asked[1]);
        answers.Add(200, Page(null, (session.ToString(), "s-2")));
        Assert.NotNull(await Client.FindAsync(Guild, session, Cancel));
        answers.Add(200, """{"recordings":[]}""");
        Assert.Null(await Client.FindAsync(Guild, session, Cancel));
        for (int page = 0; page < 6; page++) answers.Add(200, """{"recordings":[],"nextCursor":"c"}""");
        Assert.Null(await Client.FindAsync(Guild, session, Cancel));
        Assert.Equal(5 + 1 + 1 + 5, answers.Asked.Count);
    }

    [Theory]
    [InlineData(404, """{"title":"No such recording","status":404}""", null, 0)]
    [InlineData(410, "", null, 0)]
    [InlineData(204, "", DeletionState.Deleted, 0)]
    [InlineData(200, "", DeletionState.Deleted, 0)]
    [InlineData(202, """{"status":"whatever","remainingFiles":9}""", DeletionState.Deleting, 9)]
    [InlineData(202, "accepted", DeletionState.Deleting, 0)]
    public async Task Deletion_is_over_or_goes_on_or_had_nothing_to_delete(int status, string body, string? state, int files)
    {
        answers.Add(status, body, isJson: body.StartsWith('{'));
        DeletionState? deleted = await Client.DeleteAsync("a/b", Cancel);
        Assert.Equal((state, files), (deleted?.Status, deleted?.RemainingFiles ?? 0));
        Assert.Equal("DELETE /base/api/recordings/a%2Fb a-key", Assert.Single(answers.Asked));
    }

    // As a gateway answers whose service is away: who asked is not told that the recording is gone.
    [Fact]
    public async Task Deletion_is_not_taken_for_done_where_nobody_speaks_of_the_recording()
    {
        answers.Add(404, "default backend - 404", isJson: false);
        CatalogueException away = await Assert.ThrowsAsync<CatalogueException>(() => Client.DeleteAsync("x", Cancel));
        Assert.True(away.IsNotThere);
    }

    [Fact]
    public async Task Recording_is_kept_where_it_is_there()
    {
        answers.Add(204, "");
        Assert.True(await Client.KeepAsync("x", Cancel));
        Assert.Equal(("PATCH /base/api/recordings/x a-key", """{"isKept":true}"""), (answers.Asked[0], answers.Bodies[0]));
        answers.Add(404, "");
        Assert.False(await Client.KeepAsync("x", Cancel));
    }

    [Fact]
    public async Task Settings_come_with_their_tag_and_are_put_only_over_the_same_ones()
    {
        answers.Add(404, "");
        Assert.Equal((null, null), await Client.GetSettingsAsync(Guild, Cancel));
        answers.Add(200, """{"optedOutUserIds":null,"consent":"ask"}""", etag: "\"5\"");
        (GuildSettings? got, string? tag) = await Client.GetSettingsAsync(Guild, Cancel);
        GuildSettings some = got!;
        Assert.Equal((0, "ask", "\"5\""), (some.OptedOutUserIds.Count, some.Consent, tag));
        answers.Add(200, "{}");
        Assert.True(await Client.PutSettingsAsync(Guild, some, tag, Cancel));
        Assert.Equal("PUT /base/api/guilds/7/settings a-key \"5\"", answers.Asked[^1]);
        answers.Add(412, "");
        Assert.False(await Client.PutSettingsAsync(Guild, some, tag, Cancel));
        answers.Add(200, "{}");
        Assert.True(await Client.PutSettingsAsync(Guild, some, null, Cancel));
        Assert.Equal("PUT /base/api/guilds/7/settings a-key", answers.Asked[^1]);
        answers.Add(404, "");
        await Assert.ThrowsAsync<CatalogueException>(() => Client.PutSettingsAsync(Guild, some, tag, Cancel));
    }

    // If-Match compares strongly (RFC 9110 §13.1.1), and a proxy that packs the answer makes its tag a weak one.
    [Fact]
    public async Task Tag_that_a_proxy_has_made_weak_is_sent_back_as_the_service_gave_it()
    {
        answers.Add(200, "{}", etag: "W/\"5\"");
        (GuildSettings? settings, string? tag) = await Client.GetSettingsAsync(Guild, Cancel);
        answers.Add(200, "{}");
        Assert.True(await Client.PutSettingsAsync(Guild, settings!, tag, Cancel));
        Assert.Equal("PUT /base/api/guilds/7/settings a-key \"5\"", answers.Asked[^1]);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "")]
    [InlineData("http://127.0.0.1:1/api", "")]
    [InlineData("http://127.0.0.1:1/api/", "")]
    [InlineData("http://127.0.0.1:1/base/api", "/base")]
    public async Task Address_may_have_its_api_in_it(string address, string root)
    {
        CatalogueClient client = new(http, options with { BaseUrl = new Uri(address) }, time);
        answers.Add(404, "");
        await client.GetSettingsAsync(Guild, Cancel);
        Assert.Equal($"GET {root}/api/guilds/7/settings a-key", answers.Asked[^1]);
        HealthReport well = new() { Status = "healthy", Storage = new StorageHealth(true, true, true, null) };
        answers.Add(200, JsonSerializer.Serialize(well, WireJsonContext.Default.HealthReport));
        Assert.Equal($"http://127.0.0.1:1{root}/r/doctor", (await client.PageToTryAsync(Cancel))!.AbsoluteUri);
    }

    [Fact]
    public async Task Wish_of_one_person_is_put_or_deleted_where_the_service_knows_such_a_thing()
    {
        answers.Add(204, "");
        Assert.True(await Client.SetOptOutAsync(Guild, "5", optedOut: true, Cancel));
        answers.Add(204, "");
        Assert.True(await Client.SetOptOutAsync(Guild, "5", optedOut: false, Cancel));
        Assert.Equal(["PUT /base/api/guilds/7/settings/opt-outs/5 a-key", "DELETE /base/api/guilds/7/settings/opt-outs/5 a-key"],
            answers.Asked);
        foreach (int unknown in new[] { 404, 405 })
        {
            answers.Add(unknown, "");
            Assert.False(await Client.SetOptOutAsync(Guild, "5", optedOut: true, Cancel));
            answers.Add(unknown, "");
            Assert.Null(await Client.ShareAsync("x", ["listen"], Cancel));
        }
    }

    [Fact]
    public async Task Service_erases_nobody_where_it_says_so_and_a_404_does_not()
    {
        foreach (int never in new[] { 405, 501 })
        {
            answers.Add(never, "");
            Assert.Null(await Client.EraseAsync("guilds/7", 5, Cancel));
        }
        Assert.Equal("PUT /base/api/guilds/7/erasures/5 a-key", answers.Asked[0]);
        answers.Add(404, "");
        Assert.True((await Assert.ThrowsAsync<CatalogueException>(() => Client.EraseAsync("guilds/7", 5, Cancel))).IsNotThere);
    }

    [Fact]
    public async Task Link_is_made_with_its_secret_and_every_open_one_can_be_ended()
    {
        answers.Add(201,
            """{"shareId":"s","scopes":[],"createdAt":"2026-11-01T00:00:00Z","expiresAt":"2026-12-01T00:00:00Z","url":"u#k"}""");
        RecordingLink link = (await Client.ShareAsync("x", ["listen", "download"], Cancel))!;
        Assert.Equal(("u#k", true), (link.Url, link.OpensForAnybody));
        Assert.Contains("""["listen","download"]""", answers.Bodies[^1], StringComparison.Ordinal);
        DateTimeOffset now = time.GetUtcNow();
        ShareDetails open = new() { ShareId = "open", Scopes = [], CreatedAt = now, ExpiresAt = now.AddSeconds(1) };
        ShareDetails[] all =
        [
            open, open with { ShareId = "over", ExpiresAt = now },
            open with { ShareId = "ended", ExpiresAt = now.AddDays(1), RevokedAt = now },
        ];
        answers.Add(200, JsonSerializer.Serialize(new ShareList { Shares = all }, ApiJsonContext.Default.ShareList));
        answers.Add(204, "");
        Assert.Equal(1, await Client.EndSharesAsync("x", Cancel));
        Assert.Equal("DELETE /base/api/recordings/x/shares/open a-key", answers.Asked[^1]);
        answers.Add(404, "");
        Assert.Equal(0, await Client.EndSharesAsync("x", Cancel));
    }

    [Fact]
    public async Task People_are_sent_to_the_page_that_was_set_and_never_to_the_API()
    {
        Assert.Equal((null, true), (Client.PageOf("a/b"), Client.MakesLinks));
        CatalogueClient own = new(http, options with { PageUrl = "https://example.org/{id}/x" }, time);
        Assert.Equal(("https://example.org/a%2Fb/x", false), (own.PageOf("a/b"), own.MakesLinks));
        Assert.Null(await own.PageToTryAsync(Cancel));
        CatalogueClient none = new(http, new CatalogueOptions(), time);
        Assert.Equal((null, false, false), (none.PageOf("x"), none.MakesLinks, none.IsConfigured));
        await Assert.ThrowsAsync<CatalogueException>(() => none.GetAsync("x", Cancel));
        Assert.Empty(answers.Asked);
        HealthReport well = new() { Status = "healthy", Storage = new StorageHealth(true, true, true, null) };
        answers.Add(200, JsonSerializer.Serialize(well, WireJsonContext.Default.HealthReport));
        Assert.Equal("http://127.0.0.1:1/base/r/doctor", (await Client.PageToTryAsync(Cancel))!.AbsoluteUri);
        answers.Add(404, "");
        Assert.Null(await Client.PageToTryAsync(Cancel));
    }

    [Theory]
    [InlineData(401, "refuses the key (401): correct RecordingApi__ApiKey", true, false)]
    [InlineData(403, "refuses the key (403): correct RecordingApi__ApiKey", true, false)]
    [InlineData(300, "another address (300)", false, false)]
    [InlineData(399, "another address (399)", false, false)]
    [InlineData(400, "answered 400", false, false)]
    [InlineData(405, "answered 405", false, true)]
    [InlineData(412, "answered 412", false, false)]
    [InlineData(500, "answered 500", false, false)]
    [InlineData(501, "answered 501", false, true)]
    public async Task Refusal_says_what_to_correct(int status, string words, bool isKey, bool isNotOffered)
    {
        answers.Add(status, "");
        CatalogueException refused = await Assert.ThrowsAsync<CatalogueException>(() => Client.FilesAsync("x", Cancel));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Equal((isKey, isNotOffered), (refused.IsKeyRefused, refused.IsNotOffered));
        Assert.DoesNotContain("a-key", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_answer_is_told_apart_from_who_was_told_to_stop()
    {
        answers.Add(200, "no json");
        await Assert.ThrowsAsync<CatalogueException>(() => Client.GetAsync("x", Cancel));
        answers.Add(204, "");
        Assert.Null(await Client.GetAsync("x", Cancel));
        answers.IsSilent = true;
        Task<RecordingDetails?> waiting = Client.GetAsync("x", Cancel);
        time.Advance(options.Timeout - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));
        CatalogueException late = await Assert.ThrowsAsync<CatalogueException>(() => waiting);
        Assert.Equal("the recording API did not answer in time", late.Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.GetAsync("x", new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task No_key_is_sent_where_none_is_set()
    {
        answers.Add(404, "");
        await new CatalogueClient(http, options with { ApiKey = null }, time).GetAsync("x", Cancel);
        Assert.Equal("GET /base/api/recordings/x", Assert.Single(answers.Asked));
    }

    private static string Page(string? next, params (string Id, string Session)[] recordings) => JsonSerializer.Serialize(new RecordingPage
    {
        Recordings = [.. recordings.Select(one => RecordingApiStandIn.Finished(one.Id, one.Session, Guild, 5))],
        NextCursor = next,
    }, ApiJsonContext.Default.RecordingPage);

    /// <summary>A service on the other side of the wire, answer by answer.</summary>
    private sealed class Answers : HttpMessageHandler
    {
        private readonly Queue<HttpResponseMessage> next = new();

        public List<string> Asked { get; } = [];
        public List<string> Bodies { get; } = [];
        public bool IsSilent { get; set; }

        public void Add(int status, string body, bool isJson = true, string? etag = null)
        {
            HttpResponseMessage answer = new((HttpStatusCode)status)
            {
                Content = new StringContent(body, Encoding.UTF8, isJson ? "application/json" : "text/plain"),
            };
            if (etag is not null) answer.Headers.TryAddWithoutValidation("ETag", etag);
            next.Enqueue(answer);
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsSilent) await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            IEnumerable<string> headers = ((string[])["x-functions-key", "If-Match"])
                .SelectMany(name => request.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values : []);
            Asked.Add(string.Join(' ', [request.Method.Method, request.RequestUri!.PathAndQuery, .. headers]));
            Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
            return next.Dequeue();
        }
    }
}
