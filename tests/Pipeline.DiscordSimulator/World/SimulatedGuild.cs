using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Gateway;

namespace Pipeline.DiscordSimulator.World;

/// <summary>A guild with its roles, channels, members and voice states. Every change is announced on the gateway.</summary>
public sealed class SimulatedGuild
{
    private readonly SimulatedWorld world;
    private readonly List<SimulatedRole> roles = [];
    private readonly List<SimulatedChannel> channels = [];
    private readonly Dictionary<ulong, SimulatedMember> members = [];
    private readonly Dictionary<ulong, SimulatedVoiceState> voiceStates = [];

    internal SimulatedGuild(SimulatedWorld world, ulong id, string name)
    {
        this.world = world;
        Id = id;
        Name = name;
        Everyone = new SimulatedRole(id, "@everyone", Permissions.Everyday);
        roles.Add(Everyone);
        Owner = AddMember(name + " owner");
    }

    /// <summary>Snowflake.</summary>
    public ulong Id { get; }

    /// <summary>Shown name.</summary>
    public string Name { get; }

    /// <summary>Who may do everything.</summary>
    public SimulatedMember Owner { get; }

    /// <summary>The owner's user id.</summary>
    public ulong OwnerId => Owner?.Id ?? 0;

    /// <summary>The role that everyone has.</summary>
    public SimulatedRole Everyone { get; }

    /// <summary>True during an outage of this guild.</summary>
    public bool IsUnavailable { get; private set; }

    /// <summary>All members.</summary>
    public IReadOnlyList<SimulatedMember> Members => Loop.Run(() => members.Values.ToArray());

    /// <summary>All channels.</summary>
    public IReadOnlyList<SimulatedChannel> Channels => Loop.Run(() => channels.ToArray());

    /// <summary>Roles, @everyone first.</summary>
    public IReadOnlyList<SimulatedRole> Roles => Loop.Run(() => roles.ToArray());

    /// <summary>Who is in voice.</summary>
    public IReadOnlyList<SimulatedVoiceState> VoiceStates => Loop.Run(() => voiceStates.Values.ToArray());

    internal EventLoop Loop => world.Loop;

    /// <summary>Adds a voice channel.</summary>
    public SimulatedChannel AddVoiceChannel(string name) => AddChannel(name, ChannelKind.Voice);

    /// <summary>Adds a stage channel.</summary>
    public SimulatedChannel AddStageChannel(string name) => AddChannel(name, ChannelKind.Stage);

    /// <summary>Adds a text channel.</summary>
    public SimulatedChannel AddTextChannel(string name) => AddChannel(name, ChannelKind.Text);

    /// <summary>Adds a role.</summary>
    public SimulatedRole AddRole(string name, Permissions permissions) => Loop.Run(() =>
    {
        SimulatedRole role = new(world.Snowflakes.Next(), name, permissions);
        roles.Add(role);
        Announce("GUILD_ROLE_CREATE", new JsonObject { ["guild_id"] = Json.Id(Id), ["role"] = role.ToJson(roles.Count) });
        return role;
    });

    /// <summary>Adds a human with a new account.</summary>
    public SimulatedMember AddMember(string name) => Loop.Run(() => AddMember(world.AddUser(name, false)));

    /// <summary>Adds an existing account.</summary>
    public SimulatedMember AddMember(SimulatedUser user) => Loop.Run(() =>
    {
        SimulatedMember member = new(this, user, world.Now);
        members.Add(user.Id, member);
        if (user.IsBot)
            world.Gateway.GuildAvailable(this, user.Id);
        return member;
    });

    /// <summary>Adds an application's bot account with the permissions of an invitation.</summary>
    public SimulatedMember AddBot(SimulatedApplication application, Permissions permissions = Permissions.None) =>
        Loop.Run(() =>
        {
            SimulatedMember member = AddMember(application.User);
            if (permissions != Permissions.None)
                member.With(AddRole(application.User.Username, permissions));
            return member;
        });

    /// <summary>Removes a member; a bot receives GUILD_DELETE.</summary>
    public void Remove(SimulatedMember member) => Loop.Run(() =>
    {
        world.Voice.Leave(member, "removed from the guild");
        members.Remove(member.Id);
        world.Gateway.GuildGone(this, member.Id, unavailable: false);
    });

    /// <summary>Deletes a channel; who was in its call is disconnected.</summary>
    public void Delete(SimulatedChannel channel) => Loop.Run(() =>
    {
        JsonObject json = channel.ToJson(withGuild: true);
        channels.Remove(channel);
        world.Remove(channel);
        foreach (SimulatedVoiceState state in voiceStates.Values.Where(state => state.Channel == channel).ToArray())
            world.Voice.Leave(state.Member, "channel deleted");
        Announce("CHANNEL_DELETE", json);
    });

    /// <summary>Begins or ends an outage: GUILD_DELETE with unavailable, then GUILD_CREATE.</summary>
    public void SetUnavailable(bool unavailable) => Loop.Run(() =>
    {
        IsUnavailable = unavailable;
        foreach (SimulatedMember bot in members.Values.Where(member => member.User.IsBot).ToArray())
        {
            if (unavailable)
                world.Gateway.GuildGone(this, bot.Id, unavailable: true);
            else
                world.Gateway.GuildAvailable(this, bot.Id);
        }
    });

    /// <summary>Takes a member into a voice channel, or moves it there.</summary>
    public void Join(SimulatedMember member, SimulatedChannel channel) =>
        Loop.Run(() => world.Voice.Enter(member, channel));

    /// <summary>A moderator moves a member to another voice channel.</summary>
    public void Move(SimulatedMember member, SimulatedChannel channel) =>
        Loop.Run(() => world.Voice.Enter(member, channel));

    /// <summary>A member leaves its call by itself.</summary>
    public void Leave(SimulatedMember member) => Loop.Run(() => world.Voice.Leave(member, "left"));

    /// <summary>A moderator disconnects a member from its call.</summary>
    public void Kick(SimulatedMember member) => Loop.Run(() => world.Voice.Leave(member, "disconnected"));

    /// <summary>A moderator deafens a member or ends it.</summary>
    public void Deafen(SimulatedMember member, bool deaf = true) =>
        Loop.Run(() => world.Voice.Change(member, state => state with { Deaf = deaf }));

    /// <summary>A moderator mutes a member or ends it.</summary>
    public void Mute(SimulatedMember member, bool mute = true) =>
        Loop.Run(() => world.Voice.Change(member, state => state with { Mute = mute }));

    /// <summary>Where a member is in voice, or null.</summary>
    public SimulatedVoiceState? VoiceStateOf(ulong userId) =>
        Loop.Run(() => voiceStates.GetValueOrDefault(userId));

    /// <summary>A member by user id, or null.</summary>
    public SimulatedMember? Member(ulong userId) => Loop.Run(() => members.GetValueOrDefault(userId));

    internal void SetVoiceState(SimulatedVoiceState state)
    {
        if (state.Channel is null)
            voiceStates.Remove(state.Member.Id);
        else
            voiceStates[state.Member.Id] = state;
        world.Gateway.Dispatch(this, "VOICE_STATE_UPDATE", state.ToJson(withGuild: true), GatewayIntents.VoiceStates);
    }

    internal JsonObject ToStub() => new() { ["id"] = Json.Id(Id), ["unavailable"] = true };

    internal JsonObject ToJson() => GuildJson.Create(
        this, roles, channels, members.Values, voiceStates.Values);

    private SimulatedChannel AddChannel(string name, ChannelKind kind) => Loop.Run(() =>
    {
        SimulatedChannel channel = new(world.Snowflakes.Next(), kind, name, this, Loop);
        channels.Add(channel);
        world.Add(channel);
        Announce("CHANNEL_CREATE", channel.ToJson(withGuild: true));
        return channel;
    });

    private void Announce(string type, JsonObject data) =>
        world.Gateway.Dispatch(this, type, data, GatewayIntents.Guilds);
}
