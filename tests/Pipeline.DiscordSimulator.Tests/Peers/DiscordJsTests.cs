using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests.Peers;

/// <summary>Unmodified discord.js 14 with @discordjs/voice as judge of the simulator.</summary>
[Trait("Category", "Peers")]
public sealed class DiscordJsTests
{
    [Fact]
    public async Task Two_clients_hear_each_other_byte_for_byte()
    {
        string folder = await FindPeersAsync();
        await using Simulator discord = await Simulator.StartAsync();
        await using DiscordJsPeer one = await DiscordJsPeer.StartAsync(discord, "One", folder);
        await using DiscordJsPeer two = await DiscordJsPeer.StartAsync(discord, "Two", folder);
        await one.JoinAsync(discord.VoiceChannel);
        await two.JoinAsync(discord.VoiceChannel);
        await one.ListenToAsync(two.UserId);
        await two.ListenToAsync(one.UserId);
        // Op 5 and the first packets race on different sockets, so a first word makes the SSRCs known.
        await Task.WhenAll(one.SayAsync(Word(8)), two.SayAsync(Word(9)));

        OpusClip first = OpusClip.Generate(1, TimeSpan.FromSeconds(1));
        OpusClip second = OpusClip.Generate(2, TimeSpan.FromSeconds(1));
        await Task.WhenAll(one.SayAsync(first), two.SayAsync(second));

        await Simulator.WaitUntilAsync(() => HasEnd(first, two.Heard(one.UserId)) && HasEnd(second, one.Heard(two.UserId)));
        AssertEndsWith(first, two.Heard(one.UserId));
        AssertEndsWith(second, one.Heard(two.UserId));
    }

    [Theory]
    [InlineData("aead_aes256_gcm_rtpsize")]
    [InlineData("aead_xchacha20_poly1305_rtpsize")]
    public async Task Client_hears_a_scripted_speaker_through_padding_and_loss_as_the_ledger_tells(string mode)
    {
        string folder = await FindPeersAsync();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { VoiceModes = [mode] });
        // One extension word: the client takes the padding's count for a part of the extension when both are long.
        discord.Conditions = new MediaConditions { PaddingOneIn = 3, Loss = 0.1, RtcpOneIn = 5, VideoOneIn = 5 };
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await ada.SayAsync(Word(8)); // the SSRC is known when the client comes
        await using DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, "Peer", folder);
        await peer.JoinAsync(discord.VoiceChannel);
        await peer.ListenToAsync(ada.UserId);
        discord.Deliveries.Clear();

        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));

        string[] delivered =
            [.. discord.Deliveries.Delivered(peer.UserId, ada.UserId).Select(packet => Convert.ToHexString(packet.Payload.Span))];
        await Simulator.WaitUntilAsync(() => peer.Heard(ada.UserId).Count >= delivered.Length);
        Assert.Equal(delivered, peer.Heard(ada.UserId).Select(Convert.ToHexString));
        Assert.InRange(delivered.Length, 35, 54);
        Assert.Equal(mode, discord.VoiceClient(peer.UserId)!.Mode);
    }

    [Fact]
    public async Task Client_resumes_the_gateway_and_learns_what_it_missed()
    {
        string folder = await FindPeersAsync();
        await using Simulator discord = await Simulator.StartAsync();
        await using DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, "Peer", folder);
        SimulatedMember ada = discord.Guild.AddMember("Ada");

        discord.Faults.Add(new AbortGateway());
        discord.Guild.Join(ada, discord.VoiceChannel);

        JsonObject state = await peer.ExpectAsync("voiceState");
        Assert.Equal($"{ada.Id}", (string)state["user"]!);
        await peer.ExpectAsync("resumed");
        Assert.Equal(1, peer.Application.Identifies);
    }

    [Fact]
    public async Task Client_resumes_voice_and_follows_the_call_to_another_server()
    {
        string folder = await FindPeersAsync();
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, "Peer", folder);
        await peer.JoinAsync(discord.VoiceChannel);
        await peer.ListenToAsync(ada.UserId);

        discord.Faults.Add(new AbortVoice());
        await ada.SayAsync(Word(1)); // announced while the socket is away: only the replay can tell whose SSRC it is
        await Simulator.WaitUntilAsync(() => discord.VoiceClient(peer.UserId) is { Resumes: 1, IsConnected: true });
        await HearsAsync(peer, ada, 2);

        string before = discord.VoiceClient(peer.UserId)!.Endpoint;
        discord.Faults.Add(new VoiceServerMoves());
        await Simulator.WaitUntilAsync(() =>
            discord.VoiceClient(peer.UserId) is { IsConnected: true, Mode: not null } client && client.Endpoint != before);
        await peer.ExpectAsync("joined");
        await HearsAsync(peer, ada, 50);
    }

    [Fact]
    public async Task Client_registers_a_command_answers_it_and_waits_out_a_rate_limit()
    {
        string folder = await FindPeersAsync();
        await using Simulator discord = await Simulator.StartAsync();
        await using DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, "Peer", folder);
        await peer.SendAsync("register", ("guild", $"{discord.Guild.Id}"), ("name", "ping"), ("description", "Ping"));
        await peer.ExpectAsync("registered");

        SimulatedInteraction interaction =
            await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, "ping");
        await interaction.Answered.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(("heard ping", true), (interaction.Text, interaction.IsEphemeral));

        FaultHandle limit = discord.Faults.Add(new LimitRest(TimeSpan.FromMilliseconds(300)) { Times = 1, Path = "/messages$" });
        await peer.SendAsync("send", ("channel", $"{discord.TextChannel.Id}"), ("text", "hello"));
        await peer.ExpectAsync("sent");
        Assert.Equal(1, limit.Used);
        Assert.Equal("hello", discord.TextChannel.Messages[^1].Text);
    }

    [Fact]
    public async Task Encrypted_clients_agree_on_the_privacy_code_and_hear_each_other()
    {
        await FindPeersAsync();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Dave = DaveMode.Enforced });
        DiscordJsPeer one = await discord.AddPeerAsync("One");
        DiscordJsPeer two = await discord.AddPeerAsync("Two");
        await two.ListenToAsync(one.UserId);

        string? code = null;
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        while (code is null || code != await two.PrivacyCodeAsync())
        {
            await Task.Delay(20, patience.Token); // the group is there when both have answered
            code = await one.PrivacyCodeAsync();
        }
        Assert.Equal(30, code?.Length);
        await one.SayAsync(Word(8));
        OpusClip said = OpusClip.Generate(1, TimeSpan.FromSeconds(1));
        await one.SayAsync(said);

        await Simulator.WaitUntilAsync(() => HasEnd(said, two.Heard(one.UserId)));
        AssertEndsWith(said, two.Heard(one.UserId));
    }

    /// <summary>Skips the test where there is no Node or no package registry.</summary>
    private static async Task<string> FindPeersAsync()
    {
        string? folder = await PeerFolder.FindAsync();
        Assert.SkipWhen(folder is null, "discord.js peers need node and npm ci in tests/peers/discordjs");
        return folder!;
    }

    private static OpusClip Word(int seed) => OpusClip.Generate(seed, TimeSpan.FromMilliseconds(200));

    /// <summary>Says words until one is heard whole: after a reconnect the client first has to learn the SSRC.</summary>
    private static async Task HearsAsync(DiscordJsPeer peer, SimulatedSpeaker speaker, int firstSeed)
    {
        for (int i = 0; i < 10; i++)
        {
            OpusClip word = Word(firstSeed + i);
            await speaker.SayAsync(word);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
            HashSet<string> heard = [.. peer.Heard(speaker.UserId).Select(Convert.ToHexString)];
            if (word.Frames.All(frame => heard.Contains(Convert.ToHexString(frame.Payload.Span))))
                return;
        }

        Assert.Fail("The client does not hear the speaker any more.");
    }

    private static bool HasEnd(OpusClip said, IReadOnlyList<byte[]> heard) =>
        heard.Any(packet => packet.AsSpan().SequenceEqual(said.Frames[^1].Payload.Span));

    private static void AssertEndsWith(OpusClip said, IReadOnlyList<byte[]> heard) =>
        Assert.Equal(
            said.Frames.Select(frame => Convert.ToHexString(frame.Payload.Span)),
            heard.Where(packet => packet.Length > 3).TakeLast(said.Frames.Count).Select(Convert.ToHexString));
}
