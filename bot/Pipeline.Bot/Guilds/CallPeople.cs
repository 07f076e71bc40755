using Pipeline.Bot.Capture;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Guilds;

/// <summary>Who is in the call that is recorded, as Discord shows it; tells the recording their names.</summary>
/// <param name="channelId">Where the bot listens at first.</param>
internal sealed class CallPeople(GatewayClient gateway, CaptureOptions capture, Recording recording, ulong guildId, ulong channelId)
{
    /// <summary>Where the bot listens.</summary>
    public ulong ChannelId { get; set; } = channelId;

    public bool AreHere => Humans().Count > 0;

    /// <summary>Everybody who counts: humans, and bots where they are recorded too.</summary>
    public IReadOnlyList<VoiceState> Humans() => [.. (Guild()?.InChannel(ChannelId) ?? [])
        .Where(state => state.UserId != gateway.SelfId && (capture.IncludeBots || !Guild()!.IsBot(state.UserId)))];

    public IReadOnlyList<ulong> Ids() => [.. Humans().Select(state => state.UserId)];

    /// <summary>Null where the server is not known.</summary>
    public string? NameOf(ulong userId) => Guild()?.NameOf(userId);

    public bool IsBot(ulong userId) => Guild() is { } guild && guild.IsBot(userId);

    /// <summary>The channel as it is now; <paramref name="known"/> where the server is not known.</summary>
    public GuildChannel Channel(GuildChannel known) => Guild()?.Channels.GetValueOrDefault(ChannelId) ?? known with { Id = ChannelId };

    public bool HasChannel => Guild()?.Channels.ContainsKey(ChannelId) == true;

    public void IntroduceAll()
    {
        foreach (VoiceState state in Guild()?.InChannel(ChannelId) ?? []) Introduce(state.UserId);
    }

    public void Introduce(ulong userId)
    {
        if (Guild() is not { } guild || userId == gateway.SelfId) return;
        recording.Introduce(userId, guild.NameOf(userId), guild.IsBot(userId));
    }

    private Guild? Guild() => gateway.Guilds.Find(guildId);
}
