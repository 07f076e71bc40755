using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Rest;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Rest;

/// <summary>What is sent how often, against answers that are written down; no time passes.</summary>
public sealed class RestSenderTests : IDisposable
{
    private const string Limit = """{"retry_after":0}""";

    private readonly FakeTimeProvider time = new();
    private readonly Script script = new();
    private readonly HttpClient http;
    private readonly DiscordRestClient client;

    public RestSenderTests()
    {
        http = new HttpClient(script);
        client = Client(longestPause: TimeSpan.FromMilliseconds(20));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        client.Dispose();
        http.Dispose();
        script.Dispose();
    }

    [Fact]
    public async Task Limit_without_an_end_is_given_up_after_five_attempts()
    {
        script.Answer = _ => (429, Limit);
        DiscordRestException refused = await Assert.ThrowsAsync<DiscordRestException>(() => client.GetSelfAsync(Cancel));
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.Zero, 5), (refused.Status, refused.RetryAfter, script.Sent.Count));
    }

    [Theory]
    [InlineData("0.020", 2)]
    [InlineData("0.021", 1)]
    public async Task Limit_is_waited_for_up_to_the_longest_pause(string seconds, int requests)
    {
        script.Answer = _ => script.Sent.Count == 1 ? (429, $$"""{"retry_after":{{seconds}}}""") : (200, """{"id":"5"}""");
        Task<Pipeline.Discord.Model.DiscordUser> asked = client.GetSelfAsync(Cancel);
        LoopLimit limit = new("the request ends");
        while (!asked.IsCompleted)
        {
            limit.Turn();
            time.Advance(TimeSpan.FromMilliseconds(20));
            await Task.Yield();
        }
        Assert.Equal((requests, requests == 2), (script.Sent.Count, asked.IsCompletedSuccessfully));
    }

    /// <summary>Where the pause is named differs; an answer from before Discord is no JSON.</summary>
    [Theory]
    [InlineData("""{"retry_after":1,"global":true}""", null, null, true)]
    [InlineData("""{"retry_after":1}""", null, "global", true)]
    [InlineData("""{"retry_after":1}""", null, "user", false)]
    [InlineData("""{"retry_after":1}""", null, "shared", false)]
    [InlineData("<html>", "1", null, false)]
    public async Task Limit_holds_to_its_last_tick_its_own_route_or_all_of_them(string answer, string? header, string? scope, bool all)
    {
        using DiscordRestClient patient = Client(longestPause: TimeSpan.FromSeconds(1));
        script.Headers = [("Retry-After", header), ("X-RateLimit-Scope", scope)];
        script.Answer = _ => script.Sent.Count == 1 ? (429, answer) : (200, """{"id":"5"}""");
        Task limited = patient.GetSelfAsync(Cancel);
        Assert.Single(script.Sent);
        Task behind = patient.GetSelfAsync(Cancel);
        Task other = patient.OpenDirectMessageAsync(4, Cancel);
        Assert.Equal(all ? 1 : 2, script.Sent.Count);
        time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Assert.Equal(all ? 1 : 2, script.Sent.Count);
        time.Advance(TimeSpan.FromTicks(1));
        await Task.WhenAll(limited, behind, other).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.Equal(4, script.Sent.Count);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 4)]
    public async Task Failure_of_the_server_is_tried_three_times_more_unless_it_is_too_late(int ticksLeft, int requests)
    {
        script.Answer = _ => (502, "");
        await Assert.ThrowsAsync<DiscordRestException>(() => client.RespondAsync(1, "word", InteractionResponse.Deferred(false),
            time.GetTimestamp() + ticksLeft, Cancel));
        Assert.Equal(requests, script.Sent.Count);
        Assert.All(script.Sent, request => Assert.Equal("POST /api/interactions/1/word/callback", request.Line));
    }

    [Fact]
    public async Task Answer_that_discord_has_already_is_given()
    {
        script.Answer = _ => (400, """{"code":40060}""");
        await client.RespondAsync(1, "word", InteractionResponse.Deferred(false), time.GetTimestamp() + 1, Cancel);
        script.Answer = _ => (404, """{"code":10062}""");
        DiscordRestException gone = await Assert.ThrowsAsync<DiscordRestException>(() =>
            client.RespondAsync(2, "word", InteractionResponse.Deferred(false), time.GetTimestamp() + 1, Cancel));
        Assert.True(gone.IsInteractionGone);
    }

    [Fact]
    public async Task Refused_token_stops_what_needs_it_and_another_refusal_stops_nothing()
    {
        script.Answer = _ => (404, """{"code":10003}""");
        await Assert.ThrowsAsync<DiscordRestException>(() => client.GetSelfAsync(Cancel));
        script.Answer = _ => (401, "");
        await Assert.ThrowsAsync<DiscordRestException>(() => client.FollowUpAsync(1, "old", new MessageBody(), Cancel)); // its own word
        script.Answer = _ => (200, """{"id":"5"}""");
        Assert.Equal(5UL, (await client.GetSelfAsync(Cancel)).Id);

        script.Answer = _ => (401, "");
        await Assert.ThrowsAsync<DiscordRestException>(() => client.GetSelfAsync(Cancel));
        script.Answer = _ => (200, """{"id":"5"}""");
        int before = script.Sent.Count;
        await Assert.ThrowsAsync<DiscordRestException>(() => client.GetSelfAsync(Cancel));
        Assert.Equal(before, script.Sent.Count);
        await client.FollowUpAsync(1, "word", new MessageBody(), Cancel);
        Assert.Equal(before + 1, script.Sent.Count);
    }

    [Fact]
    public async Task Request_says_who_asks_and_what_its_body_is()
    {
        script.Answer = _ => (200, """{"id":"7"}""");
        await client.SetNicknameAsync(3, "name", Cancel);
        Assert.Equal(7UL, await client.OpenDirectMessageAsync(4, Cancel));
        script.Answer = _ => (204, "");
        await client.FollowUpAsync(1, "word", new MessageBody { Content = "text" }, Cancel);
        Assert.Equal([("PATCH /api/guilds/3/members/@me", "Bot token", "application/json"),
            ("POST /api/users/@me/channels", "Bot token", "application/json"), ("POST /api/webhooks/1/word", null, "application/json")],
            script.Sent.Select(request => (request.Line, request.Authorization, request.ContentType)));
        Assert.All(script.Sent, request => Assert.StartsWith("DiscordBot (", request.UserAgent, StringComparison.Ordinal));
        Assert.Contains("\"content\":\"text\"", script.Sent[^1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_are_asked_for_page_by_page_until_one_is_not_full_or_brings_nothing_new()
    {
        script.Answer = line => (200, line.EndsWith("/guilds", StringComparison.Ordinal) ? Guilds(1, 200)
            : line.EndsWith("?after=200", StringComparison.Ordinal) ? Guilds(201, 200) : Guilds(401, 199));
        Assert.Equal(Enumerable.Range(1, 599).Select(id => (ulong)id),
            (await client.GetGuildsAsync(Cancel)).Select(guild => guild.Id).Order());
        Assert.Equal(["GET /api/users/@me/guilds", "GET /api/users/@me/guilds?after=200", "GET /api/users/@me/guilds?after=400"],
            script.Sent.Select(request => request.Line));
        script.Sent.Clear();
        script.Answer = _ => (200, Guilds(1, 200));
        Assert.Equal(200, (await client.GetGuildsAsync(Cancel)).Length);
        Assert.Equal(2, script.Sent.Count);

        static string Guilds(int first, int count) =>
            $"[{string.Join(',', Enumerable.Range(first, count).Select(id => $$"""{"id":"{{id}}","name":"n"}"""))}]";
    }

    [Theory]
    [InlineData(200, """{"id":"2","type":2,"guild_id":"9"}""", 9UL)]
    [InlineData(200, """{"id":"2","type":1}""", null)]
    [InlineData(403, """{"code":50001}""", null)]
    public async Task Server_of_a_channel_is_told_where_discord_tells_it(int status, string answer, ulong? guild)
    {
        script.Answer = _ => (status, answer);
        Assert.Equal(guild, await client.FindGuildOfAsync(2, Cancel));
        script.Answer = _ => (401, "");
        await Assert.ThrowsAsync<DiscordRestException>(() => client.FindGuildOfAsync(2, Cancel));
    }

    [Fact]
    public async Task Answer_that_is_no_json_of_ours_is_as_if_discord_had_not_been_reached()
    {
        script.Answer = _ => (200, "<html>");
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetSelfAsync(Cancel));
        script.Answer = _ => (200, "null");
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetSelfAsync(Cancel));
    }

    private DiscordRestClient Client(TimeSpan longestPause)
    {
        DiscordRestOptions options = new()
        {
            Token = "token",
            ApiBase = new Uri("http://discord.test/api/"),
            RetryDelay = TimeSpan.Zero,
            LongestPause = longestPause,
        };
        return new DiscordRestClient(http, options, time, NullLogger<DiscordRestClient>.Instance);
    }

    private sealed record Request(string Line, string? Authorization, string UserAgent, string? ContentType, string Body);

    private sealed class Script : HttpMessageHandler
    {
        public Func<string, (int Status, string Body)> Answer { get; set; } = _ => (500, "");
        public (string Name, string? Value)[] Headers { get; set; } = [];
        public List<Request> Sent { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string line = $"{request.Method} {request.RequestUri!.PathAndQuery}";
            Sent.Add(new Request(line, request.Headers.Authorization?.ToString(), request.Headers.NonValidated["User-Agent"].ToString(),
                request.Content?.Headers.ContentType?.ToString(),
                request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
            (int status, string body) = Answer(line);
            HttpResponseMessage answer = new((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            foreach ((string name, string? value) in Headers)
            {
                if (value is not null) answer.Headers.Add(name, value);
            }
            return answer;
        }
    }
}
