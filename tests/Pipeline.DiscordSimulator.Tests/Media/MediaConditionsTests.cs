using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;

namespace Pipeline.DiscordSimulator.Tests.Media;

public sealed class MediaConditionsTests
{
    [Fact]
    public async Task Jitter_delays_and_keeps_the_order()
    {
        IReadOnlyList<DeliveredPacket> packets = await HearAsync(
            new MediaConditions { Jitter = TimeSpan.FromMilliseconds(60), Latency = TimeSpan.FromMilliseconds(30) });

        Assert.Equal(packets.OrderBy(packet => packet.Sequence), packets);
        Assert.All(packets, packet => Assert.InRange((packet.At - packet.SpokenAt).TotalMilliseconds, 30, 100));
        Assert.True(packets.Max(packet => packet.At - packet.SpokenAt) - packets.Min(packet => packet.At - packet.SpokenAt)
            > TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public async Task Reordered_packets_are_overtaken()
    {
        IReadOnlyList<DeliveredPacket> packets = await HearAsync(new MediaConditions { Reorder = 0.1 });

        int overtaken = packets.Zip(packets.Skip(1)).Count(pair => pair.Second.Sequence < pair.First.Sequence);
        Assert.InRange(overtaken, 5, 40);
        Assert.Equal(205, packets.Count);
    }

    [Fact]
    public async Task Duplicates_are_named_in_the_ledger()
    {
        IReadOnlyList<DeliveredPacket> packets = await HearAsync(new MediaConditions { Duplicate = 0.2 });

        Assert.InRange(packets.Count(packet => packet.Outcome == DeliveryOutcome.Duplicate), 20, 65);
        Assert.Equal(205, packets.Count(packet => packet.Outcome == DeliveryOutcome.Delivered));
    }

    [Fact]
    public async Task Burst_losses_come_together_at_the_same_rate()
    {
        IReadOnlyList<DeliveredPacket> packets =
            await HearAsync(new MediaConditions { Loss = 0.2, LossBurst = 5 }, TimeSpan.FromSeconds(40));

        bool[] lost = [.. packets.OrderBy(packet => packet.Sequence).Select(packet => packet.Outcome == DeliveryOutcome.Lost)];
        int bursts = lost.Zip(lost.Skip(1)).Count(pair => !pair.First && pair.Second);
        Assert.InRange(lost.Count(l => l), 250, 600);
        Assert.InRange(lost.Count(l => l) / (double)bursts, 2.5, 9);
    }

    [Fact]
    public async Task Noise_reaches_the_client_and_not_the_ledger()
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.Conditions = new MediaConditions
        {
            ZeroPacketOneIn = 1,
            PaddingOnlyOneIn = 1,
            VideoOneIn = 1,
            RtcpOneIn = 1,
            ForgedOneIn = 1,
        };
        SimulatedSpeaker ada = discord.AddSpeaker("Ada", options: new SpeakerOptions { SilenceFrames = 0 });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(20)));

        (_, MediaPacket audio) = await voice.ReceiveRtpAsync();
        Assert.Equal(80, audio.Payload.Length);
        (_, MediaPacket zero) = await voice.ReceiveRtpAsync();
        Assert.Equal(new byte[80], zero.Payload.ToArray());
        (byte[] datagram, MediaPacket padding) = await voice.ReceiveRtpAsync();
        Assert.Equal((0, 0x20), (padding.Payload.Length, datagram[0] & 0x20));
        (_, MediaPacket video) = await voice.ReceiveRtpAsync();
        Assert.Equal((101, ada.Ssrc + 1), (video.PayloadType, video.Ssrc));
        Assert.Equal(200, (await voice.ReceiveAsync())[1]);
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(voice.ReceiveRtpAsync); // the forged one does not open
        Assert.Single(discord.Deliveries.All);
    }

    [Fact]
    public async Task Twenty_five_speakers_all_reach_the_client()
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time });
        SimulatedSpeaker[] speakers = [.. Enumerable.Range(0, 25).Select(i => discord.AddSpeaker($"Speaker {i}"))];
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);

        Task said = Task.WhenAll(speakers.Select((speaker, i) => speaker.SayAsync(OpusClip.Generate(i, TimeSpan.FromSeconds(4)))));
        await time.RunAsync(discord, said);

        Assert.Equal(25 * 205, discord.Deliveries.Count(DeliveryOutcome.Delivered));
        Assert.Equal(25, speakers.Select(speaker => speaker.Ssrc).Distinct().Count());
    }

    private static async Task<IReadOnlyList<DeliveredPacket>> HearAsync(MediaConditions conditions, TimeSpan? duration = null)
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time });
        SimulatedSpeaker ada = discord.AddSpeaker(
            "Ada", options: new SpeakerOptions { FirstSequence = 0, Conditions = conditions });
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        await time.RunAsync(discord, ada.SayAsync(OpusClip.Generate(1, duration ?? TimeSpan.FromSeconds(4))), 5);
        await time.RunAsync(discord, TimeSpan.FromMilliseconds(200)); // what is still on its way
        return discord.Deliveries.All;
    }
}
