using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>Every guild that the bot is in, as immutable pictures. Written by the shard that serves the guild, read by anybody.</summary>
public sealed class GuildCache
{
    private readonly ConcurrentDictionary<ulong, Guild> guilds = new();

    /// <summary>The bot's own account; null before the first session.</summary>
    public DiscordUser? Self { get; internal set; }

    public int Count => guilds.Count;

    public IReadOnlyCollection<Guild> All => [.. guilds.Values];

    public Guild? Find(ulong guildId) => guilds.GetValueOrDefault(guildId);

    public bool TryFind(ulong guildId, [NotNullWhen(true)] out Guild? guild) => guilds.TryGetValue(guildId, out guild);

    internal void Put(Guild guild) => guilds[guild.Id] = guild;

    internal Guild? Remove(ulong guildId) => guilds.TryRemove(guildId, out Guild? guild) ? guild : null;
}
