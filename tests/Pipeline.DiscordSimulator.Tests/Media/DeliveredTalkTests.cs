using Pipeline.DiscordSimulator.Media;

namespace Pipeline.DiscordSimulator.Tests.Media;

public sealed class DeliveredTalkTests
{
    private readonly List<DeliveredPacket> packets = [];

    [Fact]
    public void Talk_begins_where_the_packet_that_was_delayed_least_puts_it()
    {
        for (int i = 0; i < 50; i++) Send(i, delay: i == 30 ? 3 : 80 - i);
        DeliveredTalk talk = Assert.Single(DeliveredTalk.Of(packets));
        Assert.Equal((50, 1003.0), (talk.Frames, talk.Earliest.TotalMilliseconds));
        Assert.Equal(TimeSpan.Zero, talk.Wandering);
    }

    [Fact]
    public void Silence_parts_talks_and_lost_packets_count()
    {
        for (int i = 0; i < 100; i++) Send(i, delay: 5, isSilence: i is >= 50 and < 55, isLost: i % 10 == 0);
        IReadOnlyList<DeliveredTalk> talks = DeliveredTalk.Of(packets);
        Assert.Equal([50, 45], talks.Select(talk => talk.Frames));
        Assert.Equal([1005.0, 2105.0], talks.Select(talk => talk.Earliest.TotalMilliseconds));
    }

    [Fact]
    public void Sender_that_falls_behind_asks_for_what_it_fell_behind()
    {
        for (int i = 0; i < 1500; i++) Send(i, delay: 2 + (i >= 500 ? 7 : 0) - (i >= 1000 ? 4 : 0));
        Assert.Equal(11, Assert.Single(DeliveredTalk.Of(packets)).Wandering.TotalMilliseconds, 0.01);
    }

    private void Send(int frame, double delay, bool isSilence = false, bool isLost = false)
    {
        TimeSpan spoken = TimeSpan.FromMilliseconds(1000 + (frame * 20));
        packets.Add(new DeliveredPacket(1, 2, 3, (ushort)frame, (uint)(uint.MaxValue - 9600 + (frame * 960L)),
            isSilence ? new byte[] { 0xF8, 0xFF, 0xFE } : new byte[] { 1 },
            spoken, spoken + TimeSpan.FromMilliseconds(delay), isLost ? DeliveryOutcome.Lost : DeliveryOutcome.Delivered));
    }
}
