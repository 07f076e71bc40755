namespace Pipeline.Discord.Gateway;

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
