using Pipeline.Audio.Ogg;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>What a file repeats of the one before: enough, no more than that, and the very bytes.</summary>
public sealed class OpusPreRollTests
{
    private readonly OpusPreRoll preRoll = new();

    [Theory]
    [InlineData(0xF8, 960, 16)]
    [InlineData(0xE0, 120, 128)]
    [InlineData(0x18, 2880, 6)] // five would be 300 ms
    public void Keeps_320_ms_in_packets_of_any_length(byte toc, int samples, int kept)
    {
        List<byte[]> all = [];
        Random random = new(4);
        for (int i = 0; i < 1_000; i++)
        {
            byte[] packet = [toc, .. new byte[random.Next(1, 60)]];
            random.NextBytes(packet.AsSpan(1));
            all.Add(packet);
            preRoll.Add(packet, samples);
            Assert.Equal(all.TakeLast(Math.Min(kept, all.Count)), Kept());
        }
        preRoll.Clear();
        Assert.Empty(Kept());
        preRoll.Add(all[0], samples);
        Assert.Equal([all[0]], Kept());
    }

    [Fact]
    public void Room_grows_for_large_packets_and_nothing_is_mixed_up()
    {
        List<byte[]> all = [];
        Random random = new(5);
        for (int i = 0; i < 300; i++)
        {
            byte[] packet = new byte[random.Next(2, 1_200)];
            random.NextBytes(packet);
            packet[0] = 0xF8;
            all.Add(packet);
            preRoll.Add(packet, 960);
            Assert.Equal(all.TakeLast(Math.Min(16, all.Count)), Kept());
        }
    }

    [Fact]
    public void Packets_of_several_lengths_together_are_at_least_320_ms_and_the_oldest_is_needed()
    {
        Random random = new(6);
        (byte Toc, int Samples)[] kinds = [(0xE0, 120), (0xE8, 240), (0xF0, 480), (0xF8, 960), (0x18, 2880)];
        List<int> lengths = [];
        for (int i = 0; i < 2_000; i++)
        {
            (byte toc, int samples) = kinds[random.Next(kinds.Length)];
            preRoll.Add([toc, 1, (byte)i], samples);
            lengths.Add(samples);
            int kept = Kept().Count;
            Assert.True(kept == lengths.Count || lengths.TakeLast(kept).Sum() >= OpusPreRoll.Samples);
            Assert.True(lengths.TakeLast(kept - 1).Sum() < OpusPreRoll.Samples);
        }
    }

    private List<byte[]> Kept()
    {
        List<byte[]> kept = [];
        foreach (ReadOnlySpan<byte> packet in preRoll) kept.Add(packet.ToArray());
        return kept;
    }
}
