using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.Tests.Rest;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests.World;

public sealed class WorldTests
{
    [Fact]
    public void Snowflakes_spread_over_shards_and_grow()
    {
        Engine.Snowflakes snowflakes = new(seed: 1);
        ulong[] ids = [.. Enumerable.Range(0, 10).Select(_ => snowflakes.Next())];

        Assert.Equal(ids.Order(), ids);
        Assert.Equal([0UL, 1UL], ids.Select(id => (id >> 22) % 2).Distinct().Order());
    }

    [Fact]
    public async Task Permissions_resolve_in_discords_order()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedGuild guild = discord.Guild;
        SimulatedMember ada = guild.AddMember("Ada");
        SimulatedChannel channel = discord.VoiceChannel;
        SimulatedRole muted = guild.AddRole("Muted", Permissions.None);
        Assert.True(PermissionRules.Resolve(ada, channel).HasFlag(Permissions.Speak));

        channel.Deny(muted, Permissions.Speak);
        ada.With(muted);
        Assert.False(PermissionRules.Resolve(ada, channel).HasFlag(Permissions.Speak));
        channel.Allow(ada, Permissions.Speak);
        Assert.True(PermissionRules.Resolve(ada, channel).HasFlag(Permissions.Speak));
        channel.Deny(guild.Everyone, Permissions.ViewChannel);
        Assert.Equal(Permissions.None, PermissionRules.Resolve(ada, channel));
        Assert.Equal(Permissions.All, PermissionRules.Resolve(guild.Owner, channel));
        ada.With(guild.AddRole("Admin", Permissions.Administrator));
        Assert.Equal(Permissions.All, PermissionRules.Resolve(ada, channel));
    }

    [Fact]
    public async Task Deleted_channel_disconnects_its_call()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        discord.Guild.Delete(discord.VoiceChannel);

        Assert.Equal(4014, await voice.Socket.ReadCloseAsync());
        Assert.Null((await gateway.Socket.ReadAsync("VOICE_STATE_UPDATE")).Data!["channel_id"]);
        await gateway.Socket.ReadAsync("CHANNEL_DELETE");
    }

    [Fact]
    public async Task Outage_and_removal_of_a_guild_are_told_apart()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);

        discord.Guild.SetUnavailable(true);
        Assert.True((bool)(await gateway.Socket.ReadAsync("GUILD_DELETE")).Data!["unavailable"]!);
        discord.Guild.SetUnavailable(false);
        await gateway.Socket.ReadAsync("GUILD_CREATE");
        discord.Guild.Remove(discord.BotMember);
        Assert.Null((await gateway.Socket.ReadAsync("GUILD_DELETE")).Data!["unavailable"]);
    }

    [Fact]
    public async Task Move_by_a_moderator_gives_a_new_server_token_and_the_same_session()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedChannel second = discord.Guild.AddVoiceChannel("Second table");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        discord.Guild.Move(discord.BotMember, second);

        Assert.Equal($"{second.Id}", (string)(await gateway.Socket.ReadAsync("VOICE_STATE_UPDATE")).Data!["channel_id"]!);
        Assert.NotEqual((string)voice.Credentials["token"]!,
            (string)(await gateway.Socket.ReadAsync("VOICE_SERVER_UPDATE")).Data!["token"]!);
        Assert.Equal(4014, await voice.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Edits_of_old_messages_are_limited_apart()
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time, OldMessageEdits = 1 });
        using RawRest rest = new(discord);
        string path = $"/channels/{discord.TextChannel.Id}/messages";
        string id = (string)(await rest.SendAsync("POST", path, """{"content":"panel"}""")).Body!["id"]!;

        time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(200, (await rest.SendAsync("PATCH", $"{path}/{id}", """{"content":"1"}""")).Status);
        RawRest.Answer refused = await rest.SendAsync("PATCH", $"{path}/{id}", """{"content":"2"}""");
        Assert.Equal((429, 30046), (refused.Status, refused.Code));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await rest.SendAsync("PATCH", $"{path}/{id}", """{"content":"3"}""")).Status);
    }

    [Fact]
    public async Task Faults_wait_and_standing_ones_end_with_their_handle()
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        FaultHandle late = discord.Faults.Add(new CloseGateway(4000) { After = TimeSpan.FromSeconds(2) });
        FaultHandle cancelled = discord.Faults.Add(new CloseGateway(4001) { After = TimeSpan.FromSeconds(1) });
        cancelled.Dispose();

        time.Advance(TimeSpan.FromSeconds(1.5));
        await discord.DrainAsync();
        Assert.Equal((0, 0), (late.Used, cancelled.Used));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(4000, await gateway.Socket.ReadCloseAsync());
        Assert.NotEmpty(discord.Log.Containing("close 4000"));
    }

    [Fact]
    public void Ogg_file_is_read_as_packets()
    {
        string speech = Path.Combine(TestKit.RepositoryRoot.Path, "tests", "speech", "ada.opus");
        OpusClip clip = OpusClip.Read(speech);

        Assert.InRange(clip.Duration.TotalSeconds, 5, 120);
        Assert.Equal(clip.Frames.Count, clip.Take(TimeSpan.FromSeconds(2)).Frames.Count + clip.Skip(TimeSpan.FromSeconds(2)).Frames.Count);
        Assert.Equal(2, clip.Take(TimeSpan.FromSeconds(2)).Duration.TotalSeconds, 0.1);
    }
}
