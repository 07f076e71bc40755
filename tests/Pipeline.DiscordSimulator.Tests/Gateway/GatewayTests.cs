using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests.Gateway;

public sealed class GatewayTests
{
    [Fact]
    public async Task Client_gets_hello_ready_and_its_guild()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ConnectAsync(discord);

        RawSocket.Message hello = await gateway.Socket.ReadAnyAsync();
        Assert.Equal(10, hello.Op);
        Assert.Equal(41250, (int)hello.Data!["heartbeat_interval"]!);
        await gateway.IdentifyAsync();
        RawSocket.Message ready = await gateway.Socket.ReadAnyAsync();
        Assert.Equal("READY", ready.Type);
        Assert.Equal(discord.GatewayUrl, (string)ready.Data!["resume_gateway_url"]!);
        Assert.True((bool)ready.Data["guilds"]![0]!["unavailable"]!);
        RawSocket.Message guild = await gateway.Socket.ReadAnyAsync();
        Assert.Equal("GUILD_CREATE", guild.Type);
        Assert.Equal(3, guild.Data!["channels"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("wrong", 129, 0, 1, 4004)]
    [InlineData(null, 1L << 40, 0, 1, 4013)]
    [InlineData(null, 2, 0, 1, 4014)]
    [InlineData(null, 129, 3, 2, 4010)]
    public async Task Wrong_identify_is_closed_with_its_code(string? token, long intents, int shard, int shards, int code)
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ConnectAsync(discord);

        await gateway.IdentifyAsync(token, intents, shard, shards);

        Assert.Equal(code, await gateway.Socket.ReadCloseAsync());
    }

    [Theory]
    [InlineData("not json", 4002)]
    [InlineData("""{"op":77,"d":null}""", 4001)]
    [InlineData("""{"op":4,"d":{}}""", 4003)]
    public async Task Wrong_message_is_closed_with_its_code(string message, int code)
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ConnectAsync(discord);

        await gateway.Socket.SendAsync(message);

        Assert.Equal(code, await gateway.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Second_identify_is_4005_and_old_version_4012_and_a_long_payload_4002()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using (RawGateway twice = await RawGateway.ReadyAsync(discord))
        {
            await twice.IdentifyAsync();
            Assert.Equal(4005, await twice.Socket.ReadCloseAsync());
        }

        await using (RawGateway old = await RawGateway.ConnectAsync(discord, query: "/?v=6"))
            Assert.Equal(4012, await old.Socket.ReadCloseAsync());
        await using RawGateway longWinded = await RawGateway.ConnectAsync(discord);
        await longWinded.Socket.SendAsync($$"""{"op":1,"d":"{{new string('x', 5000)}}"}""");
        Assert.Equal(4002, await longWinded.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Identify_within_five_seconds_of_the_last_is_refused()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway first = await RawGateway.ReadyAsync(discord);
        await using RawGateway second = await RawGateway.ConnectAsync(discord);

        await second.IdentifyAsync();

        Assert.False((bool)(await second.Socket.ReadAsync(9)).Data!);
    }

    [Fact]
    public async Task Exhausted_session_starts_refuse_the_token()
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.Bot.SessionStartsLeft = 0;
        await using RawGateway gateway = await RawGateway.ConnectAsync(discord);

        await gateway.IdentifyAsync();

        Assert.Equal(4004, await gateway.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Resume_replays_what_was_missed_and_ends_with_resumed()
    {
        await using Simulator discord = await Simulator.StartAsync();
        string sessionId;
        await using (RawGateway gateway = await RawGateway.ReadyAsync(discord))
        {
            sessionId = gateway.SessionId;
            discord.Faults.Add(new AbortGateway());
            Assert.Equal(-1, await gateway.Socket.ReadCloseAsync());
        }

        SimulatedMember ada = discord.Guild.AddMember("Ada");
        discord.Guild.Join(ada, discord.VoiceChannel);
        await using RawGateway again = await RawGateway.ConnectAsync(discord);
        await again.ResumeAsync(sessionId, 2);

        await again.Socket.ReadAsync(10);
        RawSocket.Message replayed = await again.Socket.ReadAnyAsync();
        Assert.Equal("VOICE_STATE_UPDATE", replayed.Type);
        Assert.Equal(3, (int)replayed.Json!["s"]!);
        Assert.Equal("RESUMED", (await again.Socket.ReadAnyAsync()).Type);
    }

    [Fact]
    public async Task Resume_of_an_unknown_session_is_op_9_and_of_the_future_4007()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway ready = await RawGateway.ReadyAsync(discord);
        await using RawGateway unknown = await RawGateway.ConnectAsync(discord);
        await using RawGateway future = await RawGateway.ConnectAsync(discord);

        await unknown.ResumeAsync("nobody", 1);
        await future.ResumeAsync(ready.SessionId, 900);

        Assert.False((bool)(await unknown.Socket.ReadAsync(9)).Data!);
        Assert.Equal(4007, await future.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Session_closed_with_1000_cannot_be_resumed()
    {
        await using Simulator discord = await Simulator.StartAsync();
        RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await gateway.Socket.CloseAsync(1000);
        await Simulator.WaitUntilAsync(() => !discord.IsConnected(discord.Bot));
        await using RawGateway again = await RawGateway.ConnectAsync(discord);

        await again.ResumeAsync(gateway.SessionId, 2);

        Assert.False((bool)(await again.Socket.ReadAsync(9)).Data!);
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Faults_reach_the_client_as_operations_and_close_codes()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);

        discord.Faults.Add(new RequestReconnect());
        await gateway.Socket.ReadAsync(7);
        discord.Faults.Add(new InvalidateSession(true));
        Assert.True((bool)(await gateway.Socket.ReadAsync(9)).Data!);
        using (discord.Faults.Add(new IgnoreGatewayHeartbeats { Times = 1 }))
        {
            await gateway.Socket.SendAsync("""{"op":1,"d":1}""");
            await gateway.Socket.SendAsync("""{"op":1,"d":2}""");
            Assert.Equal(11, (await gateway.Socket.ReadAnyAsync()).Op);
        }

        discord.Faults.Add(new CloseGateway(4008));
        Assert.Equal(4008, await gateway.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task More_than_120_sends_a_minute_are_4008()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);

        for (int i = 0; i < 121; i++)
            await gateway.Socket.SendAsync("""{"op":1,"d":1}""");

        Assert.Equal(4008, await gateway.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Guilds_go_to_the_shard_that_their_id_names()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedGuild[] guilds = [discord.Guild, .. Enumerable.Range(0, 5).Select(i => discord.AddGuild($"Guild {i}"))];
        foreach (SimulatedGuild guild in guilds.Skip(1))
            guild.AddBot(discord.Bot);
        await using RawGateway gateway = await RawGateway.ConnectAsync(discord);

        await gateway.IdentifyAsync(shard: 1, shards: 2);

        RawSocket.Message ready = await gateway.Socket.ReadAsync("READY");
        Assert.Equal(
            guilds.Where(guild => (guild.Id >> 22) % 2 == 1).Select(guild => guild.Id.ToString()),
            ready.Data!["guilds"]!.AsArray().Select(stub => (string)stub!["id"]!));
    }
}
