using System.Net;
using Pipeline.Discord.Rest;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Rest;

public sealed class DiscordRestClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_carry_token_and_user_agent()
    {
        await using RestRig rig = await RestRig.StartAsync();
        await rig.Client.GetSelfAsync(Token);
        DiscordSimulator.Rest.RecordedRequest request = Assert.Single(rig.Discord.Requests);
        Assert.Equal("Bot " + rig.Discord.Bot.Token, request.Authorization);
        Assert.Matches(@"^DiscordBot \(https?://[^,]+, [\d.]+\)$", request.UserAgent);
    }

    [Theory]
    [InlineData("user", false)]
    [InlineData("shared", false)]
    [InlineData("global", false)]
    [InlineData("user", true)]
    public async Task Limit_is_waited_for_and_the_message_comes_once(string scope, bool html)
    {
        await using RestRig rig = await RestRig.StartAsync();
        rig.Discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(0.1)) { Scope = scope, Html = html, Times = 1, Method = "POST" });
        await rig.PostAsync("once");
        Assert.Single(rig.Discord.TextChannel.Messages);
        Assert.Equal(2, rig.Requests("POST", "/messages"));
        LogLine told = Assert.Single(rig.Log.Lines, line => line.EventId == 1021);
        // What stands before Discord names whole seconds only.
        Assert.EndsWith($"({scope}); waiting {(html ? "00:00:01" : "00:00:00.1000000")}", told.Text, StringComparison.Ordinal);
    }

    /// <summary>One permit a second: the others wait for theirs when the pause begins, and a shorter pause ends no longer one.</summary>
    [Fact]
    public async Task Global_limit_holds_what_already_waits_for_its_turn_and_the_longest_pause_counts()
    {
        await using RestRig rig = await RestRig.StartAsync(globalPerSecond: 2);
        rig.Discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(4)) { Scope = "global", Times = 1, Path = "users" });
        rig.Discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(0.1)) { Scope = "global", Times = 1, Path = "gateway" });
        await Task.WhenAll(rig.Client.GetSelfAsync(Token), rig.Client.GetGatewayAsync(Token), rig.Client.GetApplicationAsync(Token),
            rig.PostAsync("later"));
        DiscordSimulator.Rest.RecordedRequest[] requests = [.. rig.Discord.Requests];
        // The other limit may come later: on a busy machine its request goes out behind the pause.
        TimeSpan limitedAt = requests
            .First(request => request.Status == 429 && request.Path.Contains("users", StringComparison.Ordinal)).At;
        Assert.Equal(6, requests.Length);
        Assert.All(requests.Where(request => request.At > limitedAt && request.Status != 429), request =>
            Assert.True(request.At - limitedAt >= TimeSpan.FromSeconds(3.5), $"{request.Path} {request.At - limitedAt} after the limit"));
    }

    [Fact]
    public async Task Requests_over_the_global_limit_wait_for_the_next_second()
    {
        await using RestRig rig = await RestRig.StartAsync(globalPerSecond: 2);
        for (int i = 0; i < 5; i++) await rig.Client.GetSelfAsync(Token);
        TimeSpan[] at = [.. rig.Discord.Requests.Select(request => request.At)];
        // Two at once, two with the next permits, and one with those after.
        Assert.True(at[4] - at[0] >= TimeSpan.FromSeconds(1), $"{at[4] - at[0]} for five");
    }

    [Fact]
    public async Task Bucket_that_is_used_up_is_not_asked_before_its_reset()
    {
        await using RestRig rig = await RestRig.StartAsync(
            new SimulatorOptions { RateLimit = 3, RateLimitWindow = TimeSpan.FromSeconds(1) });
        await Task.WhenAll(Enumerable.Range(0, 7).Select(i => rig.PostAsync($"message {i}")));
        Assert.Equal(7, rig.Discord.TextChannel.Messages.Count);
        Assert.DoesNotContain(rig.Discord.Requests, request => request.Status == 429);
    }

    [Fact]
    public async Task Failure_of_the_server_is_tried_again_and_makes_one_message()
    {
        await using RestRig rig = await RestRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseRest(502) { Html = true, Times = 2 });
        await rig.PostAsync("once");
        Assert.Single(rig.Discord.TextChannel.Messages);
        string[] bodies = [.. rig.Discord.Requests.Select(request => request.Body).Distinct()];
        Assert.Contains("\"enforce_nonce\":true", Assert.Single(bodies), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_up_is_not_repeated_after_a_failure_because_it_might_come_twice()
    {
        await using RestRig rig = await RestRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseRest(502) { Path = "^/webhooks/" });
        DiscordRestException refused = await Assert.ThrowsAsync<DiscordRestException>(() =>
            rig.Client.FollowUpAsync(1, "token", new MessageBody { Content = "x" }, Token));
        Assert.Equal(HttpStatusCode.BadGateway, refused.Status);
        Assert.Equal(1, rig.Requests("POST", "/webhooks/"));
    }

    [Fact]
    public async Task Endless_failure_ends_after_four_attempts()
    {
        await using RestRig rig = await RestRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseRest(503));
        await Assert.ThrowsAsync<DiscordRestException>(() => rig.Client.GetSelfAsync(Token));
        Assert.Equal(4, rig.Discord.Requests.Count);
    }

    [Fact]
    public async Task Refused_token_stops_every_further_request()
    {
        await using RestRig rig = await RestRig.StartAsync(token: "wrong");
        DiscordRestException first = await Assert.ThrowsAsync<DiscordRestException>(() => rig.Client.GetSelfAsync(Token));
        Assert.True(first.IsTokenRefused);
        await Assert.ThrowsAsync<DiscordRestException>(() => rig.PostAsync("never"));
        Assert.Single(rig.Discord.Requests);
    }

    [Theory]
    [InlineData(403, 50013, DiscordErrorCode.MissingPermissions, true)]
    [InlineData(403, 50001, DiscordErrorCode.MissingAccess, true)]
    [InlineData(404, 10008, DiscordErrorCode.UnknownMessage, false)]
    [InlineData(400, 50035, DiscordErrorCode.InvalidFormBody, false)]
    public async Task Discords_codes_are_typed(int status, int code, DiscordErrorCode expected, bool forbidden)
    {
        await using RestRig rig = await RestRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseRest(status) { Code = code });
        DiscordRestException refused = await Assert.ThrowsAsync<DiscordRestException>(() => rig.PostAsync("x"));
        Assert.Equal(expected, refused.Code);
        Assert.Equal(forbidden, refused.IsForbidden);
        Assert.DoesNotContain(rig.Discord.Bot.Token, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pause_that_is_too_long_fails_instead_of_waiting()
    {
        await using RestRig rig = await RestRig.StartAsync();
        rig.Discord.Faults.Add(new LimitRest(TimeSpan.FromHours(1)) { Html = true });
        DiscordRestException refused = await Assert.ThrowsAsync<DiscordRestException>(() => rig.PostAsync("x"));
        Assert.Equal(TimeSpan.FromHours(1), refused.RetryAfter);
    }

    [Fact]
    public async Task Commands_are_written_only_when_they_differ()
    {
        await using RestRig rig = await RestRig.StartAsync();
        ApplicationCommand[] commands =
        [
            new() { Name = "record", Description = "Record", Contexts = [0],
                Options = [new() { Type = CommandOptionKind.Subcommand, Name = "start", Description = "Start",
                Options = [new() { Type = CommandOptionKind.Channel, Name = "channel", Description = "Which",
                ChannelTypes = [2, 13] }] }] },
        ];
        Assert.True(await rig.Client.DeclareCommandsAsync(rig.Discord.Bot.Id, null, commands, Token));
        Assert.False(await rig.Client.DeclareCommandsAsync(rig.Discord.Bot.Id, null, commands, Token));
        Assert.True(await rig.Client.DeclareCommandsAsync(rig.Discord.Bot.Id, rig.Discord.Guild.Id, commands, Token));
        Assert.True(await rig.Client.DeclareCommandsAsync(rig.Discord.Bot.Id, null, [commands[0] with { Description = "Record a call" }],
            Token));
        Assert.Equal(3, rig.Discord.CommandWrites);
    }
}
