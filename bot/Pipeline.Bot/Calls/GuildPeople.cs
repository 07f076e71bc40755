using Pipeline.Bot.Capture;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Calls;

/// <summary>Who counts in a voice channel: humans, and bots where they are recorded too; never this bot itself.</summary>
internal sealed class GuildPeople(GatewayClient gateway, CaptureOptions capture)
{
    /// <summary>This bot's user.</summary>
    public ulong SelfId => gateway.SelfId;

    /// <summary>The server as Discord shows it now; null where it is not known.</summary>
    public Guild? Find(ulong guildId) => gateway.Guilds.Find(guildId);

    public bool Counts(bool isBot) => !isBot || capture.IncludeBots;

    public IEnumerable<VoiceState> In(Guild guild, ulong channelId) =>
        guild.InChannel(channelId).Where(state => state.UserId != gateway.SelfId && Counts(guild.IsBot(state.UserId)));
}
