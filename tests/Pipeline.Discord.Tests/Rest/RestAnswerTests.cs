using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Rest;

namespace Pipeline.Discord.Tests.Rest;

/// <summary>What an answer says of its limit, and how long a bucket waits for it.</summary>
public sealed class RestAnswerTests
{
    private readonly FakeTimeProvider time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(199, false, false)]
    [InlineData(200, true, false)]
    [InlineData(299, true, false)]
    [InlineData(300, false, false)]
    [InlineData(499, false, false)]
    [InlineData(500, false, true)]
    public void Status_tells_success_from_the_server_s_failure(int status, bool isSuccess, bool isServerFailure)
    {
        RestAnswer answer = new((HttpStatusCode)status, []);
        Assert.Equal((isSuccess, isServerFailure, false), (answer.IsSuccess, answer.IsServerFailure, answer.IsLimit));
        Assert.True(new RestAnswer(HttpStatusCode.TooManyRequests, []).IsLimit);
    }

    [Fact]
    public async Task Limit_is_read_from_headers_and_body_and_the_body_knows_it_better()
    {
        RestAnswer answer = await ReadAsync(429, """{"message":"slow","code":7,"retry_after":1.25,"global":true}""",
            ("X-RateLimit-Bucket", "abc"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset-After", "2.5"), ("Retry-After", "9"),
            ("X-RateLimit-Scope", "user"));
        Assert.Equal(("abc", 0, TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(1.25), true, "user"),
            (answer.Bucket, answer.Remaining, answer.ResetAfter, answer.RetryAfter, answer.IsGlobalLimit, answer.Scope));
        Assert.Equal(((DiscordErrorCode)7, "slow"), (answer.Code, answer.Message));
    }

    [Theory]
    [InlineData("<html>", 9, "not JSON")]
    [InlineData("[]", 9, "")]
    [InlineData("{}", 9, "")]
    [InlineData("""{"message":5,"code":"x","retry_after":"y","global":1}""", 9, "")]
    [InlineData("""{"code":1e300}""", 9, "")]
    [InlineData("""{"retry_after":-5}""", 0, "")]
    [InlineData("""{"retry_after":1e9}""", 86_400, "")]
    public async Task Error_of_any_shape_is_read(string body, double retryAfter, string message)
    {
        RestAnswer answer = await ReadAsync(429, body, ("Retry-After", "9"));
        Assert.Equal((TimeSpan.FromSeconds(retryAfter), message, DiscordErrorCode.None, false),
            (answer.RetryAfter, answer.Message, answer.Code, answer.IsGlobalLimit));
    }

    [Fact]
    public async Task Answer_without_a_word_of_limits_has_none_and_a_429_without_a_pause_has_five_seconds()
    {
        RestAnswer answer = await ReadAsync(200, "<html>");
        Assert.Equal((null, null, null, false), (answer.Bucket, answer.Remaining, answer.ResetAfter, answer.IsGlobalLimit));
        Assert.Equal(("", DiscordErrorCode.None), (answer.Message, answer.Code)); // nobody looks at a good answer's body here
        Assert.Equal(TimeSpan.FromSeconds(5), (await ReadAsync(429, "")).RetryAfter);
        Assert.True((await ReadAsync(429, "", ("X-RateLimit-Scope", "global"))).IsGlobalLimit);
        Assert.True((await ReadAsync(429, "", ("X-RateLimit-Global", "true"))).IsGlobalLimit);
        Assert.Null((await ReadAsync(200, "", ("X-RateLimit-Remaining", "NaN"))).Remaining);
    }

    [Fact]
    public void Bucket_waits_for_its_reset_and_a_little_longer_when_none_is_left()
    {
        using RestBucket bucket = new(time);
        Assert.Equal(TimeSpan.Zero, bucket.Pause);
        bucket.Learn(Answer(remaining: 1, resetAfter: 10));
        Assert.Equal(TimeSpan.Zero, bucket.Pause);
        bucket.Learn(Answer(remaining: 0, resetAfter: 10));
        Assert.Equal(10.02, bucket.Pause.TotalSeconds, 0.001);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(6.02, bucket.Pause.TotalSeconds, 0.001);
        time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.Zero, bucket.Pause);
        bucket.Learn(Answer(remaining: 5, resetAfter: 10));
        Assert.Equal(TimeSpan.Zero, bucket.Pause);
        bucket.Learn(new RestAnswer(HttpStatusCode.OK, []) { Remaining = 0 }); // says not when
        Assert.Equal(TimeSpan.Zero, bucket.Pause);
    }

    [Fact]
    public void Bucket_waits_as_long_as_a_refusal_asks_unless_it_is_everybody_s()
    {
        using RestBucket bucket = new(time);
        bucket.Learn(new RestAnswer(HttpStatusCode.TooManyRequests, []) { RetryAfter = TimeSpan.FromSeconds(3), IsGlobalLimit = true });
        Assert.Equal(TimeSpan.Zero, bucket.Pause);
        bucket.Learn(new RestAnswer(HttpStatusCode.TooManyRequests, []) { RetryAfter = TimeSpan.FromSeconds(3) });
        Assert.Equal(TimeSpan.FromSeconds(3), bucket.Pause);
    }

    [Fact]
    public async Task Bucket_lets_one_in_at_a_time_and_remembers_when()
    {
        using RestBucket bucket = new(time);
        Assert.True(bucket.IsIdle);
        time.Advance(TimeSpan.FromSeconds(9));
        await bucket.EnterAsync(Cancel);
        Assert.Equal((time.GetTimestamp(), false), (bucket.LastUsed, bucket.IsIdle));
        Task second = bucket.EnterAsync(Cancel);
        Assert.False(second.IsCompleted);
        bucket.Leave();
        await second;
        bucket.Leave();
        Assert.True(bucket.IsIdle);
    }

    /// <summary>Discord names a bucket: other routes of the same name share it, per channel or guild.</summary>
    [Fact]
    public void Routes_of_one_name_share_a_bucket_and_its_pause()
    {
        using RestBuckets buckets = new(time);
        RestRequest post = new(HttpMethod.Post, "/a", "/a") { Major = "1" }, edit = new(HttpMethod.Patch, "/b", "/b") { Major = "1" };
        RestBucket first = buckets.For(post), second = buckets.For(edit);
        Assert.NotSame(first, second);
        RestAnswer named = Answer(remaining: 0, resetAfter: 5) with { Bucket = "shared" };
        buckets.Learn(post, first, named);
        Assert.NotSame(first, buckets.For(post));
        Assert.Equal(TimeSpan.FromSeconds(5.02), buckets.For(post).Pause);
        buckets.Learn(edit, second, named);
        Assert.Same(buckets.For(post), buckets.For(edit));
        Assert.NotSame(buckets.For(post), buckets.For(post with { Major = "2" }));
        RestBucket shared = buckets.For(post);
        buckets.Learn(post, shared, Answer(remaining: 3, resetAfter: 5) with { Bucket = "shared" });
        Assert.Same(shared, buckets.For(post));
        Assert.Equal(TimeSpan.Zero, shared.Pause);
        buckets.Learn(post, shared, Answer(remaining: 3, resetAfter: 5) with { Bucket = "" });
        Assert.Same(shared, buckets.For(post));
    }

    [Fact]
    public void Refusals_are_told_apart()
    {
        DiscordRestException token = new(HttpStatusCode.Unauthorized, DiscordErrorCode.None, "GET /x", "no");
        Assert.True(token.IsTokenRefused);
        Assert.False(new DiscordRestException(HttpStatusCode.Unauthorized, DiscordErrorCode.InvalidWebhookToken, "", "").IsTokenRefused);
        Assert.False(new DiscordRestException(HttpStatusCode.Unauthorized, DiscordErrorCode.UnknownWebhook, "", "").IsTokenRefused);
        Assert.False(new DiscordRestException(HttpStatusCode.Forbidden, DiscordErrorCode.None, "", "").IsTokenRefused);
        Assert.True(new DiscordRestException(HttpStatusCode.Forbidden, DiscordErrorCode.None, "", "").IsForbidden);
        Assert.False(new DiscordRestException(HttpStatusCode.Forbidden, (DiscordErrorCode)40_001, "", "").IsForbidden);
        Assert.False(new DiscordRestException(HttpStatusCode.NotFound, DiscordErrorCode.None, "", "").IsForbidden);
        Assert.Equal("GET /x answered 401: no", token.Message);
        Assert.Equal("GET /x answered 403 (code 50013): no",
            new DiscordRestException(HttpStatusCode.Forbidden, DiscordErrorCode.MissingPermissions, "GET /x", "no").Message);
    }

    /// <summary>A command is written again when anything that people see or may do differs, and for nothing else.</summary>
    [Fact]
    public void Command_means_the_same_or_not()
    {
        CommandOption option = new() { Type = CommandOptionKind.Integer, Name = "n", Description = "d", MinValue = 1, MaxValue = 9 };
        ApplicationCommand command = new() { Name = "a", Description = "b", Contexts = [0, 1], Options = [option] };
        Assert.True(command.SameAs(command with { Contexts = [1, 0], Type = 1 }));
        Assert.True(command.SameAs(command with { Options = [option with { Required = false, Autocomplete = false, ChannelTypes = [] }] }));
        ApplicationCommand[] others =
        [
            command with { Name = "x" }, command with { Description = "x" }, command with { Type = 2 }, command with { Contexts = [0] },
            command with { DefaultMemberPermissions = "8" }, command with { Options = null }, command with { Options = [option, option] },
            .. new[]
            {
                option with { Type = CommandOptionKind.Text }, option with { Name = "x" }, option with { Description = "x" },
                option with { Required = true }, option with { Autocomplete = true }, option with { MaxLength = 5 },
                option with { MinValue = 2 }, option with { MaxValue = 8 }, option with { ChannelTypes = [2] },
                option with { Choices = [new CommandChoice("a", "b")] }, option with { Options = [option] },
            }.Select(changed => command with { Options = [changed] }),
        ];
        Assert.All(others, other => Assert.False(command.SameAs(other)));
        Assert.All(others, other => Assert.False(other.SameAs(command)));
    }

    [Fact]
    public async Task Error_whose_text_is_no_text_is_still_an_answer() // half a character
    {
        RestAnswer answer = await ReadAsync(400, "{\"code\":50035,\"message\":\"\\ud800\"}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    private static RestAnswer Answer(int remaining, double resetAfter) =>
        new(HttpStatusCode.OK, []) { Remaining = remaining, ResetAfter = TimeSpan.FromSeconds(resetAfter) };

    private static async Task<RestAnswer> ReadAsync(int status, string body, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage response = new((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        foreach ((string name, string value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return await RestAnswer.ReadAsync(response, Cancel);
    }
}
