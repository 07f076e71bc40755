using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;

namespace Pipeline.DiscordSimulator.Tests.Media;

public sealed class SfuTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData("aead_aes256_gcm_rtpsize")]
    [InlineData("aead_xchacha20_poly1305_rtpsize")]
    public async Task Client_hears_a_speaker_as_the_ledger_tells(string mode)
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.Conditions = new MediaConditions { PaddingOneIn = 2, VaryExtension = true, CsrcCount = 3 };
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id, mode);
        OpusClip clip = OpusClip.Generate(3, Short);

        await ada.SayAsync(clip);

        foreach (OpusFrame frame in clip.Frames)
        {
            (_, MediaPacket packet) = await voice.ReceiveRtpAsync();
            Assert.Equal(ada.Ssrc, packet.Ssrc);
            Assert.Equal(frame.Payload.ToArray(), packet.Payload.ToArray());
        }

        IReadOnlyList<DeliveredPacket> delivered = discord.Deliveries.Delivered(discord.Bot.Id, ada.UserId);
        Assert.Equal(15, delivered.Count);
        Assert.All(delivered.TakeLast(5), packet => Assert.True(packet.IsSilence));
    }

    [Fact]
    public async Task Two_clients_hear_each_other()
    {
        await using Simulator discord = await Simulator.StartAsync();
        Pipeline.DiscordSimulator.World.SimulatedApplication other = discord.AddApplication("Other");
        discord.Guild.AddBot(other);
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawGateway otherGateway = await RawGateway.ReadyAsync(discord, other);
        await using RawVoice one = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        await using RawVoice two = await RawVoice.JoinAsync(
            discord, otherGateway, discord.VoiceChannel, other.Id, "aead_xchacha20_poly1305_rtpsize");

        await one.SendRtpAsync(1, 960, new byte[] { 0xFC, 9, 9 }); // refused: no op 5 yet
        await Simulator.WaitUntilAsync(() => discord.VoiceClient(discord.Bot.Id)!.Rejected == 1);
        await one.SpeakAsync();
        Assert.Equal(one.Ssrc, (uint)(await two.Socket.ReadAsync(5)).Data!["ssrc"]!);
        await one.SendRtpAsync(65535, uint.MaxValue, new byte[] { 0xFC, 1, 2, 3 });

        (byte[] datagram, MediaPacket packet) = await two.ReceiveRtpAsync();
        Assert.Equal([0xFC, 1, 2, 3], packet.Payload.ToArray());
        Assert.Equal((65535, uint.MaxValue), (packet.Sequence, packet.Timestamp));
        Assert.Equal(0x90, datagram[0]);
    }

    [Fact]
    public async Task Behind_a_nat_only_the_told_address_hears()
    {
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { SimulateNat = true });
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        await ada.SayAsync(OpusClip.Generate(1, Short));
        Assert.Equal(15, discord.Deliveries.Count(DeliveryOutcome.Delivered, discord.Bot.Id));

        await voice.SelectAsync("aead_aes256_gcm_rtpsize", "127.0.0.1", voice.LocalPort);
        await ada.SayAsync(OpusClip.Generate(2, Short));

        Assert.Equal(15, discord.Deliveries.Count(DeliveryOutcome.Unreachable, discord.Bot.Id));
    }

    [Fact]
    public async Task Mapping_dies_without_keepalives()
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(
            new SimulatorOptions { Time = time, NatMappingLifetime = TimeSpan.FromSeconds(10) });
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        for (int second = 0; second < 12; second += 4)
        {
            time.Advance(TimeSpan.FromSeconds(4));
            await voice.SendDatagramAsync([1, 0, 0, 0, 0, 0, 0, 0]);
            Assert.Equal(8, (await voice.ReceiveAsync()).Length);
        }

        await SayAsync(discord, time, ada);
        Assert.Equal(15, discord.Deliveries.Count(DeliveryOutcome.Delivered));
        time.Advance(TimeSpan.FromSeconds(11));
        await SayAsync(discord, time, ada);
        Assert.Equal(15, discord.Deliveries.Count(DeliveryOutcome.Unreachable));
    }

    [Fact]
    public async Task Receiving_can_be_locked_until_the_client_has_spoken()
    {
        await using Simulator discord = await Simulator.StartAsync(
            new SimulatorOptions { ReceiveUnlock = ReceiveUnlock.SpeakingAndPacket });
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        await ada.SayAsync(OpusClip.Generate(1, Short));
        Assert.Equal(0, discord.Deliveries.Count(DeliveryOutcome.Delivered));

        await voice.SpeakAsync();
        await Simulator.WaitUntilAsync(() => discord.VoiceClient(discord.Bot.Id)!.HasSpoken);
        await voice.SendRtpAsync(1, 0, MediaPacket.SilenceFrame);
        await Simulator.WaitUntilAsync(() => discord.VoiceClient(discord.Bot.Id)!.HasSent);
        await ada.SayAsync(OpusClip.Generate(2, Short));

        Assert.Equal(15, discord.Deliveries.Count(DeliveryOutcome.Delivered));
    }

    [Fact]
    public async Task Muted_speaker_ends_with_five_bare_frames_of_silence()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        Task said = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));
        (_, MediaPacket last) = await voice.ReceiveRtpAsync();

        discord.Guild.Mute(ada.Member);

        (byte[] datagram, MediaPacket packet) = await voice.ReceiveRtpAsync();
        while (packet.Payload.Length > 3)
        {
            last = packet;
            (datagram, packet) = await voice.ReceiveRtpAsync();
        }

        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal(0x80, datagram[0]);
            Assert.Equal((ushort)(last.Sequence + i), packet.Sequence);
            if (i < 5)
                (datagram, packet) = await voice.ReceiveRtpAsync();
        }

        await said;
        Assert.False(voice.HasDatagram);
        Assert.True(discord.Deliveries.Count(DeliveryOutcome.SenderMuted) > 0);
    }

    [Fact]
    public async Task Same_seed_loses_the_same_packets_and_another_seed_others()
    {
        List<ushort> first = await LostAsync(5);
        List<ushort> again = await LostAsync(5);
        List<ushort> other = await LostAsync(6);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.InRange(first.Count, 5, 40);
    }

    [Fact]
    public async Task Deafened_client_hears_nothing()
    {
        await using Simulator discord = await Simulator.StartAsync();
        SimulatedSpeaker ada = discord.AddSpeaker("Ada");
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        discord.Guild.Deafen(discord.BotMember);
        await ada.SayAsync(OpusClip.Generate(1, Short));

        Assert.Equal(15, discord.Deliveries.Count(DeliveryOutcome.ReceiverDeaf));
        Assert.True((bool)(await gateway.Socket.ReadAsync(m => m.Type == "VOICE_STATE_UPDATE" && (bool)m.Data!["deaf"]!)).Data!["deaf"]!);
    }

    [Fact]
    public async Task Ignored_discovery_is_answered_when_asked_again()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        FaultHandle ignore = discord.Faults.Add(new IgnoreDiscovery { Times = 1 });
        byte[] request = new byte[74];
        request[1] = 1;
        request[3] = 70;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), voice.Ssrc);

        await voice.SendDatagramAsync(request);
        await Simulator.WaitUntilAsync(() => ignore.Used == 1);

        Assert.Equal(voice.LocalPort, (await voice.DiscoverAsync()).Port);
    }

    private static async Task<List<ushort>> LostAsync(int seed)
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time, Seed = seed });
        discord.Conditions = MediaConditions.Lossy(0.05, TimeSpan.FromMilliseconds(30));
        SimulatedSpeaker ada = discord.AddSpeaker("Ada", options: new SpeakerOptions { FirstSequence = 0 });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        Task said = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(8)));
        await time.RunAsync(discord, said);
        return [.. discord.Deliveries.All.Where(p => p.Outcome == DeliveryOutcome.Lost).Select(p => p.Sequence)];
    }

    private static Task SayAsync(Simulator discord, FakeTimeProvider time, SimulatedSpeaker speaker) =>
        time.RunAsync(discord, speaker.SayAsync(OpusClip.Generate(1, Short)));
}
