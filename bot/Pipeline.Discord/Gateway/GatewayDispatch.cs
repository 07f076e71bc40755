using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>
/// Turns one shard's dispatches into changes of the cache and events. Applying the same dispatch twice changes nothing more, so a
/// replay after Resume is harmless. Used by the shard's receive loop only.
/// </summary>
internal sealed class GatewayDispatch(int shard, GuildCache cache, ChannelWriter<GatewayEvent> posted, TimeProvider time, ILogger log)
{
    /// <summary>The bot's own user; 0 before READY.</summary>
    public ulong SelfId { get; private set; }

    /// <summary>Hands on what was produced, in order; waits while the reader is behind.</summary>
    public async Task PostAsync(List<GatewayEvent> produced, CancellationToken cancellationToken)
    {
        foreach (GatewayEvent one in produced) await posted.WriteAsync(one, cancellationToken);
    }

    /// <summary>READY: forgets guilds that this shard no longer has, and marks the rest as not yet arrived.</summary>
    public void ApplyReady(ReadyPayload ready, int shardCount, List<GatewayEvent> events)
    {
        SelfId = ready.User.Id;
        cache.Self = ready.User;
        events.Add(new GatewayEvent.SessionStarted(shard, ready.User, ready.Application?.Id ?? ready.User.Id));
        HashSet<ulong> present = [.. ready.Guilds.Select(guild => guild.Id)];
        foreach (Guild known in cache.All.Where(guild => ShardRange.ShardOf(guild.Id, shardCount) == shard && !present.Contains(guild.Id)))
        {
            Forget(known.Id, events);
        }
    }

    /// <summary>Any other dispatch. Unknown types and unreadable contents are harmless.</summary>
    public void Apply(string type, JsonElement data, List<GatewayEvent> events)
    {
        try
        {
            Route(type, data, events);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            log.DispatchUnreadable(shard, type, problem.GetType().Name);
        }
    }

    private void Route(string type, JsonElement data, List<GatewayEvent> events)
    {
        switch (type)
        {
            case "GUILD_CREATE": GuildCreated(Read(data, GatewayJson.Default.GuildPayload), events); break;
            case "GUILD_UPDATE": GuildUpdated(Read(data, GatewayJson.Default.GuildPayload)); break;
            case "GUILD_DELETE": GuildDeleted(Read(data, GatewayJson.Default.GuildPartPayload), events); break;
            case "GUILD_ROLE_CREATE" or "GUILD_ROLE_UPDATE": RoleChanged(Read(data, GatewayJson.Default.GuildPartPayload)); break;
            case "GUILD_ROLE_DELETE": RoleDeleted(Read(data, GatewayJson.Default.GuildPartPayload)); break;
            case "CHANNEL_CREATE" or "CHANNEL_UPDATE": ChannelChanged(Read(data, GatewayJson.Default.GuildChannel)); break;
            case "CHANNEL_DELETE": ChannelDeleted(Read(data, GatewayJson.Default.GuildChannel), events); break;
            case "GUILD_MEMBER_UPDATE":
                MemberChanged(Read(data, GatewayJson.Default.GuildPartPayload).GuildId, Read(data, GatewayJson.Default.GuildMember)); break;
            case "VOICE_STATE_UPDATE": VoiceStateChanged(Read(data, GatewayJson.Default.VoiceState), events); break;
            case "VOICE_SERVER_UPDATE": VoiceServerChanged(Read(data, GatewayJson.Default.VoiceServerPayload), events); break;
            case "INTERACTION_CREATE": InteractionCreated(Read(data, GatewayJson.Default.Interaction), events); break;
            default: break;
        }
    }

    private static T Read<T>(JsonElement data, JsonTypeInfo<T> shape) where T : class =>
        data.ValueKind == JsonValueKind.Object ? NullableFields.Read(data, shape) : throw new JsonException("not an object");

    private void GuildCreated(GuildPayload payload, List<GatewayEvent> events)
    {
        Guild? previous = cache.Find(payload.Id);
        if (payload.Unavailable == true)
        {
            cache.Put((previous ?? new Guild { Id = payload.Id }) with { Unavailable = true });
            return;
        }
        Guild guild = GuildReader.ToGuild(payload, previous);
        cache.Put(guild);
        events.Add(new GatewayEvent.GuildSynchronized(guild));
        AddSnapshotChanges(guild, previous, events);
    }

    private void AddSnapshotChanges(Guild guild, Guild? previous, List<GatewayEvent> events)
    {
        foreach (VoiceState before in previous?.VoiceStates.Values ?? [])
        {
            if (guild.VoiceStates.ContainsKey(before.UserId)) continue;
            events.Add(new GatewayEvent.VoiceStateChanged(before with { ChannelId = null }, before, VoiceStateOrigin.Snapshot));
        }
        foreach (VoiceState state in guild.VoiceStates.Values)
        {
            VoiceState? before = previous?.VoiceStates.GetValueOrDefault(state.UserId);
            if (state.UserId != SelfId && before is not null && SamePlace(before, state)) continue;
            events.Add(new GatewayEvent.VoiceStateChanged(state, before, VoiceStateOrigin.Snapshot));
        }
    }

    private void GuildUpdated(GuildPayload payload)
    {
        Guild known = Known(payload.Id);
        cache.Put(known with
        {
            Name = payload.Name ?? known.Name,
            OwnerId = payload.OwnerId ?? known.OwnerId,
            Roles = payload.Roles is null ? known.Roles : GuildReader.Roles(payload.Roles),
        });
    }

    private void GuildDeleted(GuildPartPayload payload, List<GatewayEvent> events)
    {
        if (payload.Unavailable == true)
        {
            cache.Put(Known(payload.Id) with { Unavailable = true });
            events.Add(new GatewayEvent.GuildGone(payload.Id, Outage: true));
            return;
        }
        Forget(payload.Id, events);
    }

    private void Forget(ulong guildId, List<GatewayEvent> events)
    {
        cache.Remove(guildId);
        events.Add(new GatewayEvent.GuildGone(guildId, Outage: false));
    }

    private void RoleChanged(GuildPartPayload payload)
    {
        if (payload.Role is not { } role) return;
        Guild known = Known(payload.GuildId);
        cache.Put(known with { Roles = known.Roles.SetItem(role.Id, role) });
    }

    private void RoleDeleted(GuildPartPayload payload)
    {
        if (payload.RoleId is not { } roleId) return;
        Guild known = Known(payload.GuildId);
        cache.Put(known with { Roles = known.Roles.Remove(roleId) });
    }

    private void ChannelChanged(GuildChannel channel)
    {
        if (channel.GuildId == 0) return;
        Guild known = Known(channel.GuildId);
        cache.Put(known with { Channels = known.Channels.SetItem(channel.Id, channel) });
    }

    private void ChannelDeleted(GuildChannel channel, List<GatewayEvent> events)
    {
        if (channel.GuildId == 0) return;
        Guild known = Known(channel.GuildId);
        cache.Put(known with { Channels = known.Channels.Remove(channel.Id) });
        events.Add(new GatewayEvent.ChannelDeleted(channel.GuildId, channel.Id));
    }

    private void MemberChanged(ulong guildId, GuildMember member)
    {
        if (guildId == 0 || member.User is not { } user) return;
        Guild known = Known(guildId);
        cache.Put(known with { Members = known.Members.SetItem(user.Id, member) });
    }

    private void VoiceStateChanged(VoiceState state, List<GatewayEvent> events)
    {
        if (state.GuildId == 0) return; // a call in a direct message
        Guild known = Known(state.GuildId);
        VoiceState? previous = known.VoiceStates.GetValueOrDefault(state.UserId);
        Guild next = known with
        {
            VoiceStates = state.ChannelId is null ? known.VoiceStates.Remove(state.UserId) : known.VoiceStates.SetItem(state.UserId, state),
        };
        if (state.Member?.User is not null) next = next with { Members = next.Members.SetItem(state.UserId, state.Member) };
        cache.Put(next);
        bool changed = previous is null ? state.ChannelId is not null : !SamePlace(previous, state);
        if (changed || state.UserId == SelfId) events.Add(new GatewayEvent.VoiceStateChanged(state, previous, VoiceStateOrigin.Update));
    }

    private static void VoiceServerChanged(VoiceServerPayload payload, List<GatewayEvent> events)
    {
        string? endpoint = string.IsNullOrWhiteSpace(payload.Endpoint) ? null : payload.Endpoint;
        events.Add(new GatewayEvent.VoiceServerChanged(new VoiceServerUpdate(payload.GuildId, payload.Token ?? "", endpoint)));
    }

    private void InteractionCreated(Interaction interaction, List<GatewayEvent> events)
    {
        if (interaction.GuildId is { } guildId && interaction.Member?.User is not null)
            MemberChanged(guildId, interaction.Member with { Permissions = null });
        events.Add(new GatewayEvent.InteractionCreated(interaction, time.GetTimestamp()));
    }

    private Guild Known(ulong guildId) => cache.Find(guildId) ?? new Guild { Id = guildId };

    private static bool SamePlace(VoiceState one, VoiceState other) => one with { Member = null } == other with { Member = null };
}
