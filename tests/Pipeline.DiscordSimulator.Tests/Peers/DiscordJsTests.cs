using Pipeline.Simulator.Peers;
using Pipeline.Simulator.Speakers;

namespace Pipeline.Simulator.Tests.Peers;

/// <summary>Unmodified discord.js 14 with @discordjs/voice as judge of the simulator.</summary>
[Trait("Category", "Peers")]
public sealed class DiscordJsTests
{
    [Fact]
    public async Task Two_clients_hear_each_other_byte_for_byte()
    {
        string folder = await PeerFolder.FindAsync();
        await using DiscordSimulator discord = await DiscordSimulator.StartAsync();
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

        await DiscordSimulator.WaitUntilAsync(() => HasEnd(first, two.Heard(one.UserId)) && HasEnd(second, one.Heard(two.UserId)));
        AssertEndsWith(first, two.Heard(one.UserId));
        AssertEndsWith(second, one.Heard(two.UserId));
    }

    private static bool HasEnd(OpusClip said, IReadOnlyList<byte[]> heard) =>
        heard.Any(packet => packet.AsSpan().SequenceEqual(said.Frames[^1].Payload.Span));

    private static OpusClip Word(int seed) => OpusClip.Generate(seed, TimeSpan.FromMilliseconds(200));

    private static void AssertEndsWith(OpusClip said, IReadOnlyList<byte[]> heard) =>
        Assert.Equal(
            said.Frames.Select(frame => Convert.ToHexString(frame.Payload.Span)),
            heard.Where(packet => packet.Length > 3).TakeLast(said.Frames.Count).Select(Convert.ToHexString));
}
