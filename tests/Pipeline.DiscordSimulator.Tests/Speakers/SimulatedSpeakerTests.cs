using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;

namespace Pipeline.DiscordSimulator.Tests.Speakers;

public sealed class SimulatedSpeakerTests
{
    [Fact]
    public async Task Sequence_and_timestamp_wrap()
    {
        IReadOnlyList<DeliveredPacket> heard = await HearAsync(
            new SpeakerOptions { FirstSequence = 65534, FirstTimestamp = uint.MaxValue - 959 },
            async (speaker, run) => await run(speaker.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(60)))));

        Assert.Equal([65534, 65535, 0, 1, 2, 3, 4, 5], heard.Select(packet => (int)packet.Sequence));
        Assert.Equal([uint.MaxValue - 959, 0u, 960u], heard.Take(3).Select(packet => packet.Timestamp));
    }

    [Theory]
    [InlineData(10, 480)]
    [InlineData(20, 960)]
    [InlineData(40, 1920)]
    [InlineData(60, 2880)]
    public async Task Timestamp_advances_by_the_length_of_the_packet(int milliseconds, int samples)
    {
        IReadOnlyList<DeliveredPacket> heard = await HearAsync(
            new SpeakerOptions { FirstTimestamp = 0, SilenceFrames = 0 },
            async (speaker, run) => await run(speaker.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(240), milliseconds))));

        Assert.Equal(240 / milliseconds, heard.Count);
        Assert.Equal((uint)samples, heard[1].Timestamp - heard[0].Timestamp);
        Assert.Equal(milliseconds, (heard[1].SpokenAt - heard[0].SpokenAt).TotalMilliseconds, 1.0);
    }

    [Theory]
    [InlineData(true, 960 + 48000)]
    [InlineData(false, 960)]
    public async Task Timestamp_runs_or_stands_in_silence_while_the_sequence_goes_on(bool runs, int step)
    {
        IReadOnlyList<DeliveredPacket> heard = await HearAsync(
            new SpeakerOptions { TimestampRunsInSilence = runs, SilenceFrames = 0 },
            async (speaker, run) =>
            {
                await run(speaker.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(20))));
                await run(null);
                await run(speaker.SayAsync(OpusClip.Generate(2, TimeSpan.FromMilliseconds(20))));
            });

        Assert.Equal(1, (ushort)(heard[1].Sequence - heard[0].Sequence));
        Assert.InRange((int)(heard[1].Timestamp - heard[0].Timestamp), step - 480, step + 480);
    }

    [Fact]
    public async Task Clock_error_stretches_the_call_but_not_the_timestamps()
    {
        IReadOnlyList<DeliveredPacket> heard = await HearAsync(
            new SpeakerOptions { ClockErrorPpm = -20_000, SilenceFrames = 0 },
            async (speaker, run) => await run(speaker.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(10)))));

        TimeSpan span = heard[^1].SpokenAt - heard[0].SpokenAt;
        Assert.Equal(9.98 / 0.98, span.TotalSeconds, 0.02);
        Assert.Equal(499u * 960, heard[^1].Timestamp - heard[0].Timestamp);
    }

    [Fact]
    public async Task Rejoin_has_another_ssrc()
    {
        IReadOnlyList<DeliveredPacket> heard = await HearAsync(new SpeakerOptions(), async (speaker, run) =>
        {
            OpusClip word = OpusClip.Generate(1, TimeSpan.FromMilliseconds(20));
            Pipeline.DiscordSimulator.World.SimulatedChannel channel = speaker.Member.Guild.VoiceStateOf(speaker.UserId)!.Channel!;
            await run(speaker.SayAsync(word));
            speaker.Leave();
            await run(speaker.SayAsync(word)); // nobody hears it
            speaker.Join(channel);
            await run(speaker.SayAsync(word));
        });

        Assert.Equal(12, heard.Count);
        Assert.Equal(2, heard.Select(packet => packet.Ssrc).Distinct().Count());
    }

    private static async Task<IReadOnlyList<DeliveredPacket>> HearAsync(
        SpeakerOptions options, Func<SimulatedSpeaker, Func<Task?, Task>, Task> script)
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time });
        SimulatedSpeaker speaker = discord.AddSpeaker("Ada", options: options);
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await using RawVoice voice = await RawVoice.JoinAsync(discord, gateway, discord.VoiceChannel, discord.Bot.Id);
        await script(speaker, task => task is null ? time.RunAsync(discord, TimeSpan.FromSeconds(1)) : time.RunAsync(discord, task));
        return discord.Deliveries.Delivered(discord.Bot.Id, speaker.UserId);
    }
}
