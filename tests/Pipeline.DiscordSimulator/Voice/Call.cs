using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>The people in one voice channel and the way of messages and packets between them.</summary>
internal sealed class Call
{
    private readonly SimulatedWorld world;
    private readonly List<CallMember> members = [];

    public Call(SimulatedWorld world, SimulatedChannel channel, VoiceServer server)
    {
        this.world = world;
        Channel = channel;
        Server = server;
        Delivery = new DeliveryService(world, this);
    }

    public SimulatedChannel Channel { get; }

    /// <summary>The voice server that runs it.</summary>
    public VoiceServer Server { get; set; }

    /// <summary>The MLS delivery service of this call.</summary>
    public DeliveryService Delivery { get; }

    public IReadOnlyList<CallMember> Members => members;

    public IEnumerable<VoiceSession> Clients => members.OfType<VoiceSession>();

    public VoiceSession? Client(ulong userId) => Clients.FirstOrDefault(client => client.UserId == userId);

    public void Join(CallMember newcomer)
    {
        members.Add(newcomer);
        foreach (VoiceSession other in Clients.Where(client => client != newcomer))
            other.SendNumbered(11, new JsonObject { ["user_ids"] = Json.Ids([newcomer.UserId]) });
        Delivery.Came();
    }

    public void Leave(CallMember member)
    {
        if (!members.Remove(member))
            return;
        foreach (VoiceSession other in Clients)
            other.SendNumbered(13, new JsonObject { ["user_id"] = Json.Id(member.UserId) });
        Delivery.Left(member.UserId);
    }

    /// <summary>Tells a newcomer who is here and who of them has an SSRC already.</summary>
    public void Introduce(VoiceSession newcomer)
    {
        CallMember[] others = [.. members.Where(member => member != newcomer)];
        if (others.Length > 0)
            newcomer.SendNumbered(11, new JsonObject { ["user_ids"] = Json.Ids(others.Select(other => other.UserId)) });
        foreach (CallMember other in others)
        {
            if (world.Options.VoiceNoise)
            {
                newcomer.SendNumbered(18, new JsonObject { ["user_id"] = Json.Id(other.UserId), ["flags"] = 2 });
                newcomer.SendNumbered(20, new JsonObject { ["user_id"] = Json.Id(other.UserId), ["platform"] = 0 });
            }

            if (other.IsAnnounced)
                newcomer.SendNumbered(5, SpeakingOf(other));
        }
    }

    /// <summary>Op 5 to everybody else, once per stream.</summary>
    public void Announce(CallMember speaker)
    {
        if (speaker.IsAnnounced || world.Faults.Take<LoseSpeaking>(speaker.UserId) is not null)
            return;
        speaker.IsAnnounced = true;
        foreach (VoiceSession other in Clients.Where(client => client != speaker))
            other.SendNumbered(5, SpeakingOf(speaker));
    }

    /// <summary>Sends a packet of one member to all the others as their state and the link's conditions allow.</summary>
    public void Route(CallMember sender, MediaPacket packet)
    {
        bool silenced = Channel.Guild?.VoiceStateOf(sender.UserId)?.IsSilent ?? false;
        MediaPacket passed = silenced ? packet : sender.Pass(packet);
        foreach (VoiceSession receiver in Clients)
        {
            if (receiver == sender)
                continue;
            if (silenced)
                world.Voice.Deliveries.Add(receiver, sender, passed, DeliveryOutcome.SenderMuted, world.Loop.Elapsed);
            else
                receiver.Link(sender).Offer(passed);
        }
    }

    /// <summary>The SFU's own farewell for a member that was muted while talking.</summary>
    public void SynthesizeSilence(CallMember sender)
    {
        foreach (MediaPacket packet in sender.Silence())
        {
            foreach (VoiceSession receiver in Clients.Where(client => client != sender))
                receiver.Link(sender).Offer(packet);
        }
    }

    private static JsonObject SpeakingOf(CallMember member) => new()
    {
        ["user_id"] = Json.Id(member.UserId),
        ["ssrc"] = member.Ssrc,
        ["speaking"] = 1,
    };
}
