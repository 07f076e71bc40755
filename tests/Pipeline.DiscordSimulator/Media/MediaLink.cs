using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>The way from one stream to one client, with its own source of chance, so that other streams cannot move its luck.</summary>
internal sealed class MediaLink
{
    private readonly SimulatedWorld world;
    private readonly VoiceSession receiver;
    private readonly CallMember sender;
    private readonly Random random;
    private long lastDue;
    private int lossesLeft;
    private ushort inserted; // packets that the hop put into the stream: those behind them move up

    public MediaLink(SimulatedWorld world, VoiceSession receiver, CallMember sender)
    {
        this.world = world;
        this.receiver = receiver;
        this.sender = sender;
        Ssrc = sender.Ssrc;
        random = new Random(HashCode(world.Options.Seed, receiver.UserId, sender.UserId));
    }

    public uint Ssrc { get; }

    private MediaConditions Conditions => (sender as ScriptedMember)?.Conditions ?? world.Voice.Conditions;

    /// <summary>Takes a packet for delivery: it is lost, delayed, doubled or sent now.</summary>
    public void Offer(MediaPacket packet)
    {
        MediaConditions conditions = Conditions;
        if (inserted != 0) packet = packet with { Sequence = (ushort)(packet.Sequence + inserted) };
        if (IsLost(conditions))
        {
            world.Voice.Deliveries.Add(receiver, sender, packet, DeliveryOutcome.Lost, world.Loop.Elapsed);
            return;
        }

        PacketShape shape = packet.IsBare ? default : NextShape(conditions);
        TimeSpan delay = conditions.Latency + conditions.Jitter * random.NextDouble();
        bool overtaken = random.NextDouble() < conditions.Reorder;
        if (overtaken)
            delay += conditions.ReorderDelay;
        SendLater(delay, overtaken, () => Send(packet, shape, DeliveryOutcome.Delivered));
        if (random.NextDouble() < conditions.Duplicate)
            SendLater(delay, overtaken, () => Send(packet, shape, DeliveryOutcome.Duplicate));
        AddNoise(conditions, packet, delay);
    }

    private static int HashCode(int seed, ulong receiverId, ulong senderId)
    {
        // string.GetHashCode and HashCode.Combine differ from process to process.
        ulong mixed = ((ulong)(uint)seed * 0x9E3779B97F4A7C15UL) ^ (receiverId * 0xC2B2AE3D27D4EB4FUL) ^ senderId;
        mixed ^= mixed >> 29;
        mixed *= 0xBF58476D1CE4E5B9UL;
        return (int)(mixed >> 33);
    }

    private bool IsLost(MediaConditions conditions)
    {
        if (lossesLeft > 0)
        {
            lossesLeft--;
            return true;
        }

        double burst = Math.Max(1, conditions.LossBurst);
        if (random.NextDouble() >= conditions.Loss / burst)
            return false;
        while (random.NextDouble() < 1 - 1 / burst)
            lossesLeft++;
        return true;
    }

    private PacketShape NextShape(MediaConditions conditions)
    {
        int words = conditions.VaryExtension ? random.Next(9) : conditions.ExtensionWords;
        int padding = OneIn(conditions.PaddingOneIn) ? random.Next(1, 61) : 0;
        return new PacketShape(words, conditions.CsrcCount, padding);
    }

    private bool OneIn(int n) => n > 0 && random.Next(n) == 0;

    private void SendLater(TimeSpan delay, bool mayOvertake, Action send)
    {
        long due = world.Options.Time.GetTimestamp() + world.Loop.ToTicks(delay);
        if (!mayOvertake)
            lastDue = due = Math.Max(due, lastDue);
        if (delay <= TimeSpan.Zero && due <= world.Options.Time.GetTimestamp())
            send();
        else
            world.Loop.ScheduleAt(due, send);
    }

    private void Send(MediaPacket packet, PacketShape shape, DeliveryOutcome outcome)
    {
        SimulatedVoiceState? state = receiver.Member.Guild.VoiceStateOf(receiver.UserId);
        TimeSpan onWire = world.Loop.Elapsed; // on a busy machine much later than it was due
        if (state is null || state.Deaf || state.SelfDeaf)
            outcome = DeliveryOutcome.ReceiverDeaf;
        else if (!receiver.Transport.TrySend(packet, shape))
            outcome = DeliveryOutcome.Unreachable;
        world.Voice.Deliveries.Add(receiver, sender, packet, outcome, onWire);
    }

    // RFC 3550: every packet of a source has a number of its own, one without audio too.
    private void Insert(MediaPacket packet, PacketShape shape, TimeSpan delay, ushort alreadyInserted)
    {
        int behind = ++inserted - alreadyInserted;
        packet = packet with { Sequence = (ushort)(packet.Sequence + behind) };
        SendLater(delay, true, () => receiver.Transport.TrySend(packet, shape));
    }

    private void AddNoise(MediaConditions conditions, MediaPacket packet, TimeSpan delay)
    {
        ushort before = inserted;
        if (OneIn(conditions.ZeroPacketOneIn))
            Insert(packet with { Payload = new byte[packet.Payload.Length] }, default, delay, before);
        if (OneIn(conditions.PaddingOnlyOneIn))
            Insert(packet with { Payload = default }, new PacketShape(1, 0, 24), delay, before);
        if (OneIn(conditions.VideoOneIn))
            SendLater(delay, true, () => receiver.Transport.TrySend(packet with { PayloadType = 101, Ssrc = packet.Ssrc + 1 }, default));
        if (OneIn(conditions.RtcpOneIn))
            SendLater(delay, true, () => receiver.Transport.SendSenderReport(packet.Ssrc, packet.Timestamp));
        if (OneIn(conditions.ForgedOneIn))
            SendLater(delay, true, () => receiver.Transport.SendForged(packet));
    }
}
