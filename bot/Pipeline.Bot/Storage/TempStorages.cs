using Pipeline.Contracts;

namespace Pipeline.Bot.Storage;

/// <summary>
/// The storage accounts of the bot and which one serves a guild. One account serves all; with several, a guild keeps
/// to one by its id, as Discord spreads guilds over shards: (id &gt;&gt; 22) mod count.
/// </summary>
internal sealed class TempStorages(IReadOnlyList<TempStorage> accounts)
{
    public IReadOnlyList<TempStorage> All { get; } = accounts.Count > 0 ? accounts
        : throw new ArgumentException("at least one storage account", nameof(accounts));

    public TempStorage For(ulong guildId) => All[(int)((guildId >> 22) % (ulong)All.Count)];

    public TempStorage For(SessionInfo session) => For(session.GuildId);
}
