using Pipeline.Bot.Panel;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Guilds;

/// <summary>Why the bot is out of a voice channel that it did not leave.</summary>
internal static class DisconnectReason
{
    // That we are out may be told before what it was: the channel or the server that is gone.
    private static readonly TimeSpan ReasonDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>What to say of it, given the position of the end.</summary>
    public static async Task<Func<string, string>> WhyAsync(GatewayClient gateway, ulong guildId, ulong channelId, TimeProvider time, CancellationToken stopping)
    {
        await Task.Delay(ReasonDelay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return gateway.Guilds.Find(guildId) is not { } guild ? Texts.RemovedFromServer
            : guild.Channels.ContainsKey(channelId) ? Texts.Kicked
            : Texts.ChannelDeleted;
    }
}
