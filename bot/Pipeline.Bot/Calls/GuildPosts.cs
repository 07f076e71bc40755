using Microsoft.Extensions.Logging;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Calls;

/// <summary>Opens what the bot posts in a server. The caller disposes what it gets.</summary>
internal sealed class GuildPosts(DiscordRestClient rest, TimeProvider time, ILogger log)
{
    public ChannelMessages Messages(ulong guildId) => new(rest, guildId, time, log);

    /// <param name="posted">Where the panel is; null: it was not posted yet.</param>
    public PanelPublisher Panel(ulong guildId, PostedPanel? posted) => new(rest, guildId, posted, time, log);
}
