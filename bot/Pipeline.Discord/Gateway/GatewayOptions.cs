using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Pipeline.Discord.Gateway;

/// <summary>How the gateway client behaves; validated by the code that binds it.</summary>
public sealed record GatewayOptions
{
    /// <summary>Raw bot token, without the word "Bot". A secret.</summary>
    public required string Token { get; init; }

    /// <summary>Null: as many shards as Discord recommends, all in this process.</summary>
    public ShardRange? Shard { get; init; }

    /// <summary>GUILDS (bit 0) and GUILD_VOICE_STATES (bit 7); no privileged intent is needed.</summary>
    public int Intents { get; init; } = 129;

    /// <summary>
    /// Events that wait for a slow reader. A full queue stops reading from Discord; what is missed is replayed after a resume.
    /// </summary>
    public int EventCapacity { get; init; } = 4096;

    /// <summary>Longest time for Hello, and for READY or RESUMED after it.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>First pause between attempts to reconnect; doubles up to 60 s, with jitter.</summary>
    public TimeSpan ReconnectDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause after op 9 with false: the shorter and the longer end of a random time.</summary>
    public (TimeSpan Least, TimeSpan Most) InvalidSessionDelay { get; init; } = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>Pause between two Identify messages of the same bucket.</summary>
    public TimeSpan IdentifyInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gateways on other machines may be without TLS: the token travels in the clear.</summary>
    public bool AllowsHttp { get; init; }

    /// <summary>Trusted besides the system's authorities. See <see cref="Rest.ExtraRoots.Load"/>.</summary>
    public X509Certificate2Collection ExtraRoots { get; init; } = [];

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Shard = ").Append(Shard).Append(", Intents = ").Append(Intents);
        return true;
    }
}
