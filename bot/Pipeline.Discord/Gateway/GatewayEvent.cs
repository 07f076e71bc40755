using System.Text;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>Something that happened, in arrival order per shard. The cache already shows its effect when it is read.</summary>
public abstract record GatewayEvent
{
    /// <summary>
    /// A fresh Identify succeeded. Every voice session of this shard's guilds that an earlier session held is gone at Discord.
    /// </summary>
    public sealed record SessionStarted(int Shard, DiscordUser Self, ulong ApplicationId) : GatewayEvent;

    /// <summary>The session was resumed; what was missed has been replayed before this.</summary>
    public sealed record SessionResumed(int Shard) : GatewayEvent;

    /// <summary>The shard lost its connection and is getting it back.</summary>
    public sealed record ConnectionLost(int Shard, string Reason) : GatewayEvent;

    /// <summary>
    /// GUILD_CREATE. Who came or went while the bot was away follows as <see cref="VoiceStateChanged"/> with
    /// <see cref="VoiceStateOrigin.Snapshot"/>, before any later event.
    /// </summary>
    public sealed record GuildSynchronized(Guild Guild) : GatewayEvent;

    /// <summary>GUILD_DELETE. <paramref name="Outage"/>: Discord has a problem; else the bot was removed from the guild.</summary>
    public sealed record GuildGone(ulong GuildId, bool Outage) : GatewayEvent;

    /// <summary>
    /// A user's voice state differs from <paramref name="Previous"/> (null: was not in voice). The bot's own state is always
    /// passed on, changed or not.
    /// </summary>
    public sealed record VoiceStateChanged(VoiceState State, VoiceState? Previous, VoiceStateOrigin Origin) : GatewayEvent;

    /// <summary>VOICE_SERVER_UPDATE.</summary>
    public sealed record VoiceServerChanged(VoiceServerUpdate Update) : GatewayEvent;

    /// <summary>CHANNEL_DELETE.</summary>
    public sealed record ChannelDeleted(ulong GuildId, ulong ChannelId) : GatewayEvent;

    /// <summary>
    /// INTERACTION_CREATE. The answer is due 3 s after <paramref name="ReceivedAt"/> (a timestamp of the client's TimeProvider).
    /// </summary>
    public sealed record InteractionCreated(Interaction Interaction, long ReceivedAt) : GatewayEvent;
}

/// <summary>How a change of voice state became known.</summary>
public enum VoiceStateOrigin
{
    /// <summary>VOICE_STATE_UPDATE: somebody did it just now.</summary>
    Update,

    /// <summary>
    /// Comparing GUILD_CREATE with the cache: it happened while the bot was away. The bot's own state leaving this way means that
    /// Discord dropped the old session, not that somebody disconnected the bot.
    /// </summary>
    Snapshot,
}

/// <summary>
/// Which voice server serves a guild's call (Discord: Voice Server Update). Always means a new voice connection.
/// <paramref name="Endpoint"/> is <c>host:port</c> without a scheme; null while the server is being re-allocated.
/// <paramref name="Token"/> is a secret: it is left out of <see cref="object.ToString"/>.
/// </summary>
public sealed record VoiceServerUpdate(ulong GuildId, string Token, string? Endpoint)
{
    private bool PrintMembers(StringBuilder text)
    {
        text.Append("GuildId = ").Append(GuildId).Append(", Endpoint = ").Append(Endpoint);
        return true;
    }
}
