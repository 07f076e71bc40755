using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests.Rest;

public sealed class RestTests
{
    [Fact]
    public async Task Gateway_address_and_session_budget_are_told()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest rest = new(discord);

        RawRest.Answer answer = await rest.SendAsync("GET", "/gateway/bot");

        Assert.Equal(discord.GatewayUrl, (string)answer.Body!["url"]!);
        Assert.Equal(1000, (int)answer.Body["session_start_limit"]!["remaining"]!);
        Assert.Equal("Bot " + discord.Bot.Token, discord.Requests[0].Authorization);
    }

    [Fact]
    public async Task Wrong_token_is_401_and_odd_user_agent_a_page()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest wrong = new(discord, token: "guess");
        using RawRest odd = new(discord, userAgent: "curl/8");

        Assert.Equal(401, (await wrong.SendAsync("GET", "/gateway/bot")).Status);
        RawRest.Answer page = await odd.SendAsync("GET", "/gateway/bot");
        Assert.Equal(403, page.Status);
        Assert.StartsWith("<!DOCTYPE html>", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bucket_empties_refuses_and_fills_again()
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time, RateLimit = 2 });
        using RawRest rest = new(discord);
        string path = $"/channels/{discord.TextChannel.Id}/messages";

        RawRest.Answer first = await rest.SendAsync("POST", path, """{"content":"a"}""");
        await rest.SendAsync("POST", path, """{"content":"b"}""");
        RawRest.Answer refused = await rest.SendAsync("POST", path, """{"content":"c"}""");

        Assert.Equal(("2", "1"), (first.Header("X-RateLimit-Limit"), first.Header("X-RateLimit-Remaining")));
        Assert.Equal(429, refused.Status);
        Assert.Equal("user", refused.Header("X-RateLimit-Scope"));
        Assert.Equal(5, (double)refused.Body!["retry_after"]!, 3);
        Assert.Equal(200, (await rest.SendAsync("GET", path)).Status); // another bucket
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await rest.SendAsync("POST", path, """{"content":"d"}""")).Status);
    }

    [Fact]
    public async Task Global_limit_counts_over_all_routes()
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time, GlobalRateLimit = 2 });
        using RawRest rest = new(discord);
        await rest.SendAsync("GET", "/gateway/bot");
        await rest.SendAsync("GET", "/users/@me");

        RawRest.Answer refused = await rest.SendAsync("GET", "/applications/@me");

        Assert.Equal(429, refused.Status);
        Assert.Equal("global", refused.Header("X-RateLimit-Scope"));
        Assert.True((bool)refused.Body!["global"]!);
    }

    [Fact]
    public async Task Injected_faults_hit_the_requests_that_they_name()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest rest = new(discord);
        discord.Faults.Add(new RefuseRest(502) { Times = 1, Path = "^/gateway" });
        discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(1)) { Times = 1, Path = "^/gateway", Scope = "shared" });
        discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(1)) { Times = 1, Path = "^/gateway", Html = true });

        Assert.Equal(200, (await rest.SendAsync("GET", "/users/@me")).Status);
        Assert.Equal(502, (await rest.SendAsync("GET", "/gateway/bot")).Status);
        RawRest.Answer shared = await rest.SendAsync("GET", "/gateway/bot");
        Assert.Equal((429, "shared"), (shared.Status, shared.Header("X-RateLimit-Scope")));
        RawRest.Answer page = await rest.SendAsync("GET", "/gateway/bot");
        Assert.Equal(429, page.Status);
        Assert.Null(page.Body);
        Assert.Equal(200, (await rest.SendAsync("GET", "/gateway/bot")).Status);
    }

    [Fact]
    public async Task Commands_are_checked_stored_and_read_back()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest rest = new(discord);
        string path = $"/applications/{discord.Bot.Id}/guilds/{discord.Guild.Id}/commands";

        RawRest.Answer put = await rest.SendAsync("PUT", path, """[{"name":"record","description":"Record a call"}]""");
        RawRest.Answer bad = await rest.SendAsync("PUT", path, """[{"name":"Record call","description":"x"}]""");

        Assert.Equal(200, put.Status);
        Assert.Equal(50035, bad.Code);
        Assert.Equal("record", (string)(await rest.SendAsync("GET", path)).Body![0]!["name"]!);
        Assert.Equal(1, discord.CommandWrites);
    }

    [Fact]
    public async Task Messages_are_created_edited_and_refused_like_Discord()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest rest = new(discord);
        string path = $"/channels/{discord.TextChannel.Id}/messages";
        string id = (string)(await rest.SendAsync("POST", path, """{"content":"one"}""")).Body!["id"]!;

        Assert.Equal(200, (await rest.SendAsync("PATCH", $"{path}/{id}", """{"content":"two"}""")).Status);
        Assert.Equal(50006, (await rest.SendAsync("POST", path, """{"content":""}""")).Code);
        Assert.Equal(50035, (await rest.SendAsync("POST", path, $$"""{"content":"{{new string('x', 2001)}}"}""")).Code);
        Assert.Equal(10008, (await rest.SendAsync("PATCH", $"{path}/1", """{"content":"x"}""")).Code);
        Assert.Equal(["one", "two"], discord.TextChannel.Messages[0].Versions.Select(version => version.Text));
        discord.TextChannel.Deny(discord.BotMember, Permissions.SendMessages);
        Assert.Equal(50013, (await rest.SendAsync("POST", path, """{"content":"x"}""")).Code);
        discord.TextChannel.Deny(discord.BotMember, Permissions.ViewChannel);
        Assert.Equal(50001, (await rest.SendAsync("POST", path, """{"content":"x"}""")).Code);
    }

    [Fact]
    public async Task Nickname_is_changed_remembered_and_needs_its_permission()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest rest = new(discord);
        string path = $"/guilds/{discord.Guild.Id}/members/@me";

        await rest.SendAsync("PATCH", path, """{"nick":"[REC] Recorder"}""");
        await rest.SendAsync("PATCH", path, """{"nick":null}""");
        discord.Guild.Everyone.Permissions &= ~Permissions.ChangeNickname;

        Assert.Equal(["[REC] Recorder", null], discord.BotMember.NicknameHistory);
        Assert.Equal(50013, (await rest.SendAsync("PATCH", path, """{"nick":"x"}""")).Code);
    }

    [Fact]
    public async Task Direct_messages_arrive_unless_the_user_refuses_them()
    {
        await using Simulator discord = await Simulator.StartAsync();
        using RawRest rest = new(discord);
        SimulatedMember ada = discord.Guild.AddMember("Ada");
        string channel = (string)(await rest.SendAsync("POST", "/users/@me/channels", $$"""{"recipient_id":"{{ada.Id}}"}""")).Body!["id"]!;

        await rest.SendAsync("POST", $"/channels/{channel}/messages", """{"content":"hello"}""");
        ada.User.AcceptsDirectMessages = false;
        RawRest.Answer refused = await rest.SendAsync("POST", $"/channels/{channel}/messages", """{"content":"again"}""");

        Assert.Equal("hello", discord.DirectChannel(ada.User).Messages.Single().Text);
        Assert.Equal(50007, refused.Code);
    }
}
