using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Pipeline.Discord.Gateway;

/// <summary>
/// Guilds in which the bot is to leave voice as soon as the shard has a session: there was none for so long that the one who asked gave
/// up waiting, or the connection broke before Discord told that the bot has left. A later join takes the place of a leave. Any thread; no
/// more entries than the shard has guilds.
/// </summary>
internal sealed class OwedLeaves
{
    private readonly ConcurrentDictionary<ulong, bool> guilds = new();

    public void Add(ulong guildId) => guilds[guildId] = true;

    public void Forget(ulong guildId) => guilds.TryRemove(guildId, out _);

    /// <summary>Discord told something: our own leaving is what was waited for.</summary>
    public void Take(IEnumerable<GatewayEvent> told, ulong selfId)
    {
        foreach (GatewayEvent one in told)
        {
            if (one is GatewayEvent.VoiceStateChanged { State: { ChannelId: null } own } && own.UserId == selfId) Forget(own.GuildId);
        }
    }

    /// <summary>Sends each once. What cannot be sent stays owed. Does not throw.</summary>
    public async Task SendAsync(GatewayConnection connection, CancellationToken cancellationToken)
    {
        foreach (ulong guildId in guilds.Keys)
        {
            if (!guilds.TryRemove(guildId, out _)) continue;
            try
            {
                await connection.SendAsync(GatewayOpcode.UpdateVoiceState, writer =>
                    GatewayPayloads.VoiceState(writer, guildId, null, selfMute: false, selfDeaf: false), cancellationToken);
            }
            catch (Exception problem) when (
                problem is WebSocketException or OperationCanceledException or InvalidOperationException or TimeoutException)
            {
                Add(guildId);
                return;
            }
        }
    }
}
