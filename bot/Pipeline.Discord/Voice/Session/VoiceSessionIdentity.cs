namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// What the main gateway gave for one voice session: voice server, session id, token. Used once; a later server update makes a new one.
/// The token is a secret, so this is not a record and prints nothing but its place.
/// </summary>
public sealed class VoiceSessionIdentity
{
    public required ulong GuildId { get; init; }
    public required ulong ChannelId { get; init; }

    /// <summary>The bot's own.</summary>
    public required ulong UserId { get; init; }

    public required string SessionId { get; init; }
    public required string Token { get; init; }

    /// <summary><c>host:port</c> without a scheme.</summary>
    public required string Endpoint { get; init; }

    public override string ToString() => $"guild {GuildId} channel {ChannelId} at {Endpoint}";
}
