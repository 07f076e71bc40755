using System.Text;

namespace Pipeline.Discord.Gateway;

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
