using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests.Voice;

public sealed class VoiceGatewayTests
{
    [Fact]
    public async Task Handshake_runs_from_hello_to_session_description()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        JsonObject credentials = await RawVoice.RequestAsync(gateway, discord.VoiceChannel, discord.Bot.Id);
        await using RawVoice voice = await RawVoice.ConnectAsync(discord, credentials);

        RawSocket.Message hello = await voice.Socket.ReadAnyAsync();
        Assert.Equal(8, hello.Op);
        Assert.Equal("13750.0", hello.Data!["heartbeat_interval"]!.ToJsonString());
        await voice.IdentifyAsync();
        RawSocket.Message ready = await voice.Socket.ReadAsync(2);
        Assert.Equal(2, ready.Data!["modes"]!.AsArray().Count);
        Assert.Equal(1, (int)ready.Json!["seq"]!);
        await voice.Socket.SendAsync("""{"op":3,"d":{"t":42,"seq_ack":1}}""");
        Assert.Equal(42, (int)(await voice.Socket.ReadAsync(6)).Data!["t"]!);
    }

    [Fact]
    public async Task Credentials_are_checked()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        JsonObject credentials = await RawVoice.RequestAsync(gateway, discord.VoiceChannel, discord.Bot.Id);

        await using RawVoice wrongToken = await RawVoice.ConnectAsync(discord, credentials);
        await wrongToken.IdentifyAsync(token: "guess");
        Assert.Equal(4004, await wrongToken.Socket.ReadCloseAsync());
        await using RawVoice wrongSession = await RawVoice.ConnectAsync(discord, credentials);
        await wrongSession.IdentifyAsync(sessionId: "guess");
        Assert.Equal(4006, await wrongSession.Socket.ReadCloseAsync());
        await using RawVoice early = await RawVoice.ConnectAsync(discord, credentials);
        await early.Socket.SendAsync(5, new JsonObject { ["speaking"] = 1, ["ssrc"] = 1 });
        Assert.Equal(4003, await early.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Enforced_encryption_refuses_old_clients_in_voice_but_not_on_stages()
    {
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Dave = DaveMode.Enforced });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        JsonObject credentials = await RawVoice.RequestAsync(gateway, discord.VoiceChannel, discord.Bot.Id);
        await using RawVoice voice = await RawVoice.ConnectAsync(discord, credentials);
        await voice.IdentifyAsync();
        Assert.Equal(4017, await voice.Socket.ReadCloseAsync());

        await using RawVoice stage = await RawVoice.JoinAsync(discord, gateway, discord.StageChannel, discord.Bot.Id);
        Assert.Equal(discord.StageChannel.Id, discord.VoiceClient(discord.Bot.Id)!.ChannelId);
    }

    [Fact]
    public async Task Unknown_mode_is_4016_and_unknown_opcode_4001()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        await voice.Socket.SendAsync("""{"op":1,"d":{"protocol":"udp","data":{"address":"127.0.0.1","port":1,"mode":"xsalsa20_poly1305"}}}""");
        Assert.Equal(4016, await voice.Socket.ReadCloseAsync());

        await using RawVoice again = await RawVoice.ConnectAsync(discord, voice.Credentials);
        await again.IdentifyAsync();
        await again.Socket.SendAsync(55, null);
        Assert.Equal(4001, await again.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Newcomer_learns_who_is_here_and_who_has_spoken_before_it_does_anything()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        SimulatedSpeaker bob = discord.AddSpeaker("Bob");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(40)));
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.ConnectAsync(
            discord, await RawVoice.RequestAsync(gateway, discord.VoiceChannel, discord.Bot.Id));

        await voice.IdentifyAsync();

        RawSocket.Message present = await voice.Socket.ReadAsync(11);
        Assert.Equal([$"{ada.UserId}", $"{bob.UserId}"], present.Data!["user_ids"]!.AsArray().Select(id => (string)id!));
        RawSocket.Message speaking = await voice.Socket.ReadAsync(5);
        Assert.Equal($"{ada.UserId}", (string)speaking.Data!["user_id"]!);
        Assert.Equal(ada.Ssrc, (uint)speaking.Data["ssrc"]!);
        bob.Leave();
        Assert.Equal($"{bob.UserId}", (string)(await voice.Socket.ReadAsync(13)).Data!["user_id"]!);
    }

    [Fact]
    public async Task Resume_replays_numbered_messages_across_the_wrap_of_the_counter()
    {
        await using Simulator discord = await Simulator.StartAsync(
            new SimulatorOptions { FirstVoiceSequence = 65530, VoiceNoise = false });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        discord.Faults.Add(new AbortVoice());
        Assert.Equal(-1, await voice.Socket.ReadCloseAsync());
        SimulatedSpeaker[] speakers = [.. Enumerable.Range(0, 6).Select(i => discord.AddSpeaker($"Speaker {i}"))];

        await using RawVoice again = await RawVoice.ConnectAsync(discord, voice.Credentials);
        await again.ResumeAsync(65531);

        await again.Socket.ReadAsync(9);
        List<int> numbers = [];
        foreach (SimulatedSpeaker speaker in speakers)
        {
            RawSocket.Message message = await again.Socket.ReadAnyAsync();
            Assert.Equal($"{speaker.UserId}", (string)message.Data!["user_ids"]![0]!);
            numbers.Add((int)message.Json!["seq"]!);
        }

        Assert.Equal([65532, 65533, 65534, 65535, 0, 1], numbers);
        Assert.Equal(1, discord.VoiceClient(discord.Bot.Id)!.Resumes);
    }

    [Fact]
    public async Task Resume_is_refused_after_a_kick_and_when_the_buffer_is_exhausted()
    {
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { VoiceReplayBuffer = 4 });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        discord.Faults.Add(new CloseVoice(4015));
        Assert.Equal(4015, await voice.Socket.ReadCloseAsync());
        await using (RawVoice late = await RawVoice.ConnectAsync(discord, voice.Credentials))
        {
            await late.ResumeAsync(0);
            Assert.Equal(4006, await late.Socket.ReadCloseAsync());
        }

        discord.Guild.Kick(discord.BotMember);
        await using RawVoice kicked = await RawVoice.ConnectAsync(discord, voice.Credentials);
        await kicked.ResumeAsync(4);
        Assert.Equal(4006, await kicked.Socket.ReadCloseAsync());
    }

    [Fact]
    public async Task Kick_closes_with_4014_and_tells_the_state()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        discord.Guild.Kick(discord.BotMember);

        Assert.Equal(4014, await voice.Socket.ReadCloseAsync());
        Assert.Null((await gateway.Socket.ReadAsync("VOICE_STATE_UPDATE")).Data!["channel_id"]);
        Assert.Null(discord.VoiceClient(discord.Bot.Id));
    }

    [Fact]
    public async Task Server_move_tells_no_endpoint_first_and_then_another()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        discord.Faults.Add(new VoiceServerMoves { Without = TimeSpan.FromMilliseconds(50) });

        Assert.Null((await gateway.Socket.ReadAsync("VOICE_SERVER_UPDATE")).Data!["endpoint"]);
        Assert.Equal(4014, await voice.Socket.ReadCloseAsync());
        RawSocket.Message moved = await gateway.Socket.ReadAsync("VOICE_SERVER_UPDATE");
        Assert.NotEqual((string)voice.Credentials["endpoint"]!, (string)moved.Data!["endpoint"]!);
    }

    [Fact]
    public async Task Request_without_permission_or_room_or_change_is_not_answered()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        SimulatedChannel closed = discord.Guild.AddVoiceChannel("Closed");
        closed.Deny(discord.BotMember, Permissions.Connect);
        SimulatedChannel full = discord.Guild.AddVoiceChannel("Full");
        full.UserLimit = 1;
        discord.AddSpeaker("Ada", full);

        await gateway.RequestVoiceAsync(closed);
        await gateway.RequestVoiceAsync(full);
        await gateway.RequestVoiceAsync(discord.VoiceChannel);
        await gateway.RequestVoiceAsync(discord.VoiceChannel);
        await gateway.RequestVoiceAsync(null);

        List<string?> channels = await OwnStatesAsync(gateway, discord.Bot.Id, 2);
        Assert.Equal($"{discord.VoiceChannel.Id}", channels[0]);
        Assert.Null(channels[1]);
    }

    [Fact]
    public async Task Both_orders_delay_and_silence_of_the_server_update()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        discord.Faults.Add(new VoiceServerFirst { Times = 1 });
        await gateway.RequestVoiceAsync(discord.VoiceChannel);
        Assert.Equal("VOICE_SERVER_UPDATE", (await gateway.Socket.ReadAnyAsync()).Type);
        Assert.Equal("VOICE_STATE_UPDATE", (await gateway.Socket.ReadAnyAsync()).Type);
        await gateway.RequestVoiceAsync(null);
        await gateway.Socket.ReadAnyAsync();

        discord.Faults.Add(new NoVoiceServer { Times = 1 });
        await gateway.RequestVoiceAsync(discord.VoiceChannel);
        await gateway.RequestVoiceAsync(null);
        Assert.Equal("VOICE_STATE_UPDATE", (await gateway.Socket.ReadAnyAsync()).Type);
        Assert.Equal("VOICE_STATE_UPDATE", (await gateway.Socket.ReadAnyAsync()).Type);

        discord.Faults.Add(new NullEndpoint(TimeSpan.FromMilliseconds(30)) { Times = 1 });
        await gateway.RequestVoiceAsync(discord.VoiceChannel);
        Assert.Null((await gateway.Socket.ReadAsync("VOICE_SERVER_UPDATE")).Data!["endpoint"]);
        Assert.NotNull((await gateway.Socket.ReadAsync("VOICE_SERVER_UPDATE")).Data!["endpoint"]);
    }

    [Fact]
    public async Task Loss_of_the_gateway_session_drops_the_voice_connection()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        discord.Faults.Add(new InvalidateSession(false));

        Assert.Equal(4014, await voice.Socket.ReadCloseAsync());
    }

    private static async Task<List<string?>> OwnStatesAsync(RawGateway gateway, ulong userId, int count)
    {
        List<string?> channels = [];
        while (channels.Count < count)
        {
            RawSocket.Message state = await gateway.Socket.ReadAsync("VOICE_STATE_UPDATE");
            if ((string)state.Data!["user_id"]! == $"{userId}")
                channels.Add((string?)state.Data["channel_id"]);
        }

        return channels;
    }
}
