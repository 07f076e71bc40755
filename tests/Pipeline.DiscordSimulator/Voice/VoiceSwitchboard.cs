using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>Who is in which call on which server: turns op 4 and moderators' acts into states, tickets and closed sockets.</summary>
internal sealed class VoiceSwitchboard(SimulatedWorld world)
{
    private readonly Dictionary<(ulong Guild, ulong User), VoiceTicket> tickets = [];
    private readonly Dictionary<(ulong Guild, ulong User), GatewaySession> owners = [];
    private readonly Dictionary<ulong, Call> calls = [];
    private readonly List<VoiceSession> sessions = [];
    private readonly Dictionary<SimulatedMember, ScriptedMember> scripted = [];
    private uint lastSsrc = 10_000;

    public List<VoiceServer> Servers { get; } = [];

    public DeliveryLedger Deliveries { get; } = new(world);

    /// <summary>What the network does where no speaker has conditions of its own.</summary>
    public MediaConditions Conditions { get; set; } = MediaConditions.Perfect;

    public IReadOnlyList<VoiceSession> SessionsOf(ulong? userId) =>
        [.. sessions.Where(session => userId is null || session.UserId == userId)];

    public VoiceSession? SessionBySsrc(VoiceServer server, uint ssrc) =>
        sessions.Find(session => session.Ssrc == ssrc && session.Ticket.Server == server);

    public VoiceTicket? TicketOf(ulong? guildId, ulong? userId) =>
        guildId is { } guild && userId is { } user ? tickets.GetValueOrDefault((guild, user)) : null;

    public Call CallOf(SimulatedChannel channel)
    {
        if (!calls.TryGetValue(channel.Id, out Call? call))
            calls[channel.Id] = call = new Call(world, channel, Servers[calls.Count % Servers.Count]);
        return call;
    }

    public uint NewSsrc() => lastSsrc += 1 + (uint)world.Random.Next(5000);

    /// <summary>Op 4 of a client.</summary>
    public void Requested(GatewaySession gateway, JsonNode? data)
    {
        ulong userId = gateway.Application.Id;
        if (world.Guild(data?["guild_id"].ReadId())?.Member(userId) is not { } member)
            return;
        bool selfMute = data?["self_mute"].ReadBool() ?? false;
        bool selfDeaf = data?["self_deaf"].ReadBool() ?? false;
        if (data?["channel_id"].ReadId() is not { } channelId)
        {
            Leave(member, "asked to leave");
            return;
        }

        SimulatedChannel? channel = world.Channel(channelId);
        if (channel?.Guild != member.Guild || !channel.IsVoice || !MayEnter(member, channel))
            world.Log.Event("gateway", $"op 4 of {member.User} for {channelId} is not answered: no such channel, no permission or full");
        else if (world.Faults.Take<NoVoiceAnswer>(userId) is null)
            Enter(member, channel, selfMute, selfDeaf, gateway);
    }

    /// <summary>Takes a member into a channel or moves it, as the client or a moderator asked.</summary>
    public void Enter(
        SimulatedMember member, SimulatedChannel channel, bool? selfMute = null, bool? selfDeaf = null, GatewaySession? gateway = null)
    {
        SimulatedVoiceState? old = member.Guild.VoiceStateOf(member.Id);
        SimulatedVoiceState state = (old ?? new SimulatedVoiceState { Member = member, SessionId = world.NewToken(16) }) with
        {
            Channel = channel,
            SelfMute = selfMute ?? old?.SelfMute ?? false,
            SelfDeaf = selfDeaf ?? old?.SelfDeaf ?? false,
            Suppress = channel.Kind == ChannelKind.Stage && member.User.IsBot
                && !PermissionRules.Resolve(member, channel).HasFlag(Permissions.MuteMembers),
        };
        if (state == old)
            return; // Discord answers nothing to a request that changes nothing
        if (old?.Channel == channel)
        {
            Change(member, _ => state);
            return;
        }

        (ulong, ulong) key = (member.Guild.Id, member.Id);
        gateway ??= owners.GetValueOrDefault(key);
        tickets.Remove(key);
        if (gateway is null)
        {
            member.Guild.SetVoiceState(state);
            Scripted(member).Enter(CallOf(channel));
        }
        else
        {
            owners[key] = gateway;
            Announce(gateway, state);
        }

        foreach (VoiceSession session in SessionsOf(member.Id).Where(session => session.Member == member))
            session.Close(4014, "moved", resumable: false);
    }

    public void Leave(SimulatedMember member, string reason)
    {
        if (member.Guild.VoiceStateOf(member.Id) is not { } state)
            return;
        tickets.Remove((member.Guild.Id, member.Id));
        owners.Remove((member.Guild.Id, member.Id));
        member.Guild.SetVoiceState(state with { Channel = null });
        if (scripted.TryGetValue(member, out ScriptedMember? played))
            played.Leave();
        foreach (VoiceSession session in SessionsOf(member.Id).Where(session => session.Member == member))
            session.Close(4014, reason, resumable: false);
    }

    /// <summary>Changes mute, deaf and the like; who is silenced while talking gets five frames of silence from the SFU.</summary>
    public void Change(SimulatedMember member, Func<SimulatedVoiceState, SimulatedVoiceState> change)
    {
        if (member.Guild.VoiceStateOf(member.Id) is not { Channel: { } channel } old)
            return;
        SimulatedVoiceState state = change(old);
        if (state == old)
            return;
        member.Guild.SetVoiceState(state);
        if (state.IsSilent && !old.IsSilent
            && CallOf(channel).Members.FirstOrDefault(candidate => candidate.Member == member) is { } speaker)
            CallOf(channel).SynthesizeSilence(speaker);
    }

    /// <summary>The stand-in of a member that no real client plays.</summary>
    public ScriptedMember Scripted(SimulatedMember member)
    {
        if (!scripted.TryGetValue(member, out ScriptedMember? played))
            scripted[member] = played = new ScriptedMember(world, member);
        return played;
    }

    public VoiceSession Begin(VoiceTicket ticket, int maxDaveVersion)
    {
        foreach (VoiceSession old in SessionsOf(ticket.Member.Id).Where(old => old.Member == ticket.Member))
            old.Close(4006, "a newer session began", resumable: false);
        Call call = CallOf(ticket.Channel);
        VoiceSession session = new(world, ticket, call, NewSsrc(), maxDaveVersion);
        sessions.Add(session);
        call.Join(session);
        return session;
    }

    public void Remove(VoiceSession session)
    {
        session.Expire();
        if (!sessions.Remove(session))
            return;
        session.Call.Leave(session);
        session.Transport.Dispose();
    }

    /// <summary>A gateway session ended for good: Discord drops the voice connections that it made.</summary>
    public void SessionLost(GatewaySession gateway)
    {
        foreach (((ulong guildId, ulong userId), _) in owners.Where(owner => owner.Value == gateway).ToArray())
        {
            if (world.Guild(guildId)?.Member(userId) is { } member)
                Leave(member, "gateway session lost");
        }
    }

    /// <summary>Gives the calls of a user (or all) another server.</summary>
    public void MoveServer(ulong? userId, VoiceServerMoves move)
    {
        VoiceTicket[] affected = [.. tickets.Values.Where(ticket => userId is null || ticket.Member.Id == userId)];
        foreach (Call call in affected.Select(ticket => CallOf(ticket.Channel)).Distinct())
        {
            if (!move.SameEndpoint)
                call.Server = Servers[(call.Server.Index + 1) % Servers.Count];
            foreach (ScriptedMember speaker in call.Members.OfType<ScriptedMember>())
                speaker.Reconnect();
        }

        foreach (VoiceTicket ticket in affected)
        {
            tickets.Remove((ticket.Member.Guild.Id, ticket.Member.Id));
            if (move.Without > TimeSpan.Zero)
                SendServer(ticket, null);
            if (move.CloseCode is { } code)
            {
                foreach (VoiceSession session in SessionsOf(ticket.Member.Id))
                    session.Close(code, "server moved", resumable: false);
            }

            world.Loop.Schedule(move.Without, () => Assign(ticket.Gateway, ticket.Member));
        }
    }

    private static bool HasRoom(SimulatedMember member, SimulatedChannel channel) =>
        channel.UserLimit == 0
        || member.Guild.VoiceStates.Count(state => state.Channel == channel) < channel.UserLimit
        || PermissionRules.Resolve(member, channel).HasFlag(Permissions.MoveMembers);

    private static bool MayEnter(SimulatedMember member, SimulatedChannel channel) =>
        PermissionRules.Resolve(member, channel).HasFlag(Permissions.ViewChannel | Permissions.Connect)
        && (member.Guild.VoiceStateOf(member.Id)?.Channel == channel || HasRoom(member, channel));

    private void Announce(GatewaySession gateway, SimulatedVoiceState state)
    {
        ulong userId = state.Member.Id;
        if (world.Faults.Take<VoiceServerFirst>(userId) is not null)
        {
            // The ticket needs the state, so the state is set first and only its message comes later.
            VoiceTicket ticket = Issue(gateway, state);
            SendServer(ticket, ticket.Server.Endpoint);
            state.Member.Guild.SetVoiceState(state);
            return;
        }

        state.Member.Guild.SetVoiceState(state);
        if (world.Faults.Take<NoVoiceServer>(userId) is not null)
            return;
        if (world.Faults.Take<DelayVoiceServer>(userId) is { } late)
        {
            world.Loop.Schedule(late.Delay, () => Assign(gateway, state.Member));
            return;
        }

        if (world.Faults.Take<NullEndpoint>(userId) is { } missing)
        {
            SendServer(Issue(gateway, state), null);
            world.Loop.Schedule(missing.Duration, () => Assign(gateway, state.Member));
            return;
        }

        Assign(gateway, state.Member);
    }

    private void Assign(GatewaySession gateway, SimulatedMember member)
    {
        if (member.Guild.VoiceStateOf(member.Id) is not { Channel: not null } state)
            return;
        VoiceTicket ticket = Issue(gateway, state);
        SendServer(ticket, ticket.Server.Endpoint);
    }

    private VoiceTicket Issue(GatewaySession gateway, SimulatedVoiceState state)
    {
        VoiceTicket ticket = new(
            state.Member, state.Channel!, gateway, state.SessionId, world.NewToken(8), CallOf(state.Channel!).Server);
        tickets[(state.Member.Guild.Id, state.Member.Id)] = ticket;
        return ticket;
    }

    private void SendServer(VoiceTicket ticket, string? endpoint) =>
        world.Gateway.DispatchTo(ticket.Member.Id, ticket.Member.Guild, "VOICE_SERVER_UPDATE", new JsonObject
        {
            ["token"] = ticket.Token,
            ["guild_id"] = Json.Id(ticket.Member.Guild.Id),
            ["endpoint"] = endpoint,
        });
}
