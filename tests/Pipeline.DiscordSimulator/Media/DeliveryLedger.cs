using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>
/// What really reached each client and what did not: the truth against which tests compare. Only audio is listed;
/// padding-only, zero, video, RTCP and forged packets carry none.
/// </summary>
public sealed class DeliveryLedger
{
    private readonly SimulatedWorld world;
    private readonly List<DeliveredPacket> packets = [];
    private readonly Dictionary<(ulong Receiver, ulong User, DeliveryOutcome Outcome), long> counts = [];

    internal DeliveryLedger(SimulatedWorld world) => this.world = world;

    /// <summary>All lines in order of their fate.</summary>
    public IReadOnlyList<DeliveredPacket> All => world.Loop.Run(() => packets.ToArray());

    /// <summary>What a client received of a user, in order of sending, without duplicates.</summary>
    public IReadOnlyList<DeliveredPacket> Delivered(ulong receiverId, ulong userId) =>
        world.Loop.Run(() => packets.Where(packet => packet.ReceiverId == receiverId && packet.UserId == userId
            && packet.Outcome == DeliveryOutcome.Delivered).ToArray());

    /// <summary>When a client was sent what a user said, talk by talk.</summary>
    public IReadOnlyList<DeliveredTalk> Talks(ulong receiverId, ulong userId) =>
        DeliveredTalk.Of(All.Where(packet => packet.ReceiverId == receiverId && packet.UserId == userId));

    /// <summary>Number of packets with a fate; null ids sum over everybody. Counted even when lines are not kept.</summary>
    public long Count(DeliveryOutcome outcome, ulong? receiverId = null, ulong? userId = null) =>
        world.Loop.Run(() => counts
            .Where(entry => entry.Key.Outcome == outcome
                && (receiverId is null || entry.Key.Receiver == receiverId)
                && (userId is null || entry.Key.User == userId))
            .Sum(entry => entry.Value));

    /// <summary>Forgets all lines and counts.</summary>
    public void Clear() => world.Loop.Run(() =>
    {
        packets.Clear();
        counts.Clear();
    });

    internal void Add(VoiceSession receiver, CallMember sender, MediaPacket packet, DeliveryOutcome outcome, TimeSpan at)
    {
        (ulong, ulong, DeliveryOutcome) key = (receiver.UserId, sender.UserId, outcome);
        counts[key] = counts.GetValueOrDefault(key) + 1;
        if (!world.Options.KeepDeliveries)
            return;
        packets.Add(new DeliveredPacket(
            receiver.UserId,
            sender.UserId,
            packet.Ssrc,
            packet.Sequence,
            packet.Timestamp,
            packet.Payload,
            packet.SpokenAt,
            at,
            outcome));
    }
}
