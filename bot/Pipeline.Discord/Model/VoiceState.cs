namespace Pipeline.Discord.Model;

/// <summary>Where one user is in voice (Discord: Voice State Object). A null channel means that the user has left.</summary>
public sealed record VoiceState
{
    /// <summary>Zero in GUILD_CREATE's list on the wire; the cache fills it in.</summary>
    public ulong GuildId { get; init; }

    public ulong? ChannelId { get; init; }
    public required ulong UserId { get; init; }
    public string SessionId { get => field ?? ""; init; }

    /// <summary>Deafened by a moderator: the SFU sends this user nothing.</summary>
    public bool Deaf { get; init; }

    public bool Mute { get; init; }
    public bool SelfDeaf { get; init; }
    public bool SelfMute { get; init; }

    /// <summary>Audience of a stage: listens, may not speak.</summary>
    public bool Suppress { get; init; }

    public GuildMember? Member { get; init; }

    /// <summary>Whether the user's microphone can be heard by others.</summary>
    public bool CanBeHeard => !Mute && !SelfMute && !Suppress;
}
