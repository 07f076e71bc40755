using Pipeline.Bot.Capture;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Calls;

/// <summary>Who is in the call that is recorded, as Discord shows it; tells the recording their names.</summary>
/// <param name="channelId">Where the bot listens at first.</param>
internal sealed class CallPeople(GuildPeople people, Recording recording, ulong guildId, ulong channelId)
{
    /// <summary>Where the bot listens.</summary>
    public ulong ChannelId { get; set; } = channelId;

    public ulong SelfId => people.SelfId;

    public bool AreHere => Humans().Count > 0;

    /// <summary>Somebody was in the call at some time.</summary>
    public bool WereHere { get; set; }

    /// <summary>Everybody who counts: humans, and bots where they are recorded too.</summary>
    public IReadOnlyList<VoiceState> Humans() => Guild() is { } guild ? [.. people.In(guild, ChannelId)] : [];

    public IReadOnlyList<ulong> Ids() => [.. Humans().Select(state => state.UserId)];

    /// <summary>Null where the server is not known.</summary>
    public string? NameOf(ulong userId) => Guild()?.NameOf(userId);

    public bool IsBot(ulong userId) => Guild() is { } guild && guild.IsBot(userId);

    /// <inheritdoc cref="GuildPeople.Counts"/>
    public bool Counts(bool isBot) => people.Counts(isBot);

    /// <summary>The channel as it is now; <paramref name="known"/> where the server is not known.</summary>
    public GuildChannel Channel(GuildChannel known) => Guild()?.Channels.GetValueOrDefault(ChannelId) ?? known with { Id = ChannelId };

    /// <summary>The bot is in the server, as far as it knows.</summary>
    public bool HasGuild => Guild() is not null;

    public bool HasChannel => Guild()?.Channels.ContainsKey(ChannelId) == true;

    /// <summary>The same people may enter the channel where the bot listens; false too where that cannot be told.</summary>
    public bool HaveAudienceOf(ulong other) => Guild() is { } guild && guild.Channels.TryGetValue(ChannelId, out GuildChannel? here)
        && guild.Channels.TryGetValue(other, out GuildChannel? there) && ChannelPermissions.HaveSameAudience(guild, here, there);

    /// <summary>By Discord's rules and the roles that are known here; false too where that cannot be told.</summary>
    public bool MayEnter(ulong userId, IEnumerable<ulong> channels) => Guild() is { } guild && channels.All(id =>
        guild.Channels.TryGetValue(id, out GuildChannel? channel) && ChannelPermissions.Resolve(guild, channel, userId)
            .HasFlag(Permissions.ViewChannel | Permissions.Connect));

    /// <summary>Where Discord shows the bot; a move is told to <see cref="ChannelId"/> later.</summary>
    public ulong? OwnChannelId => Guild()?.VoiceStates.GetValueOrDefault(SelfId)?.ChannelId;

    public void IntroduceAll() => IntroduceAll(ChannelId);

    public void IntroduceAll(ulong? channelId)
    {
        if (channelId is not { } channel) return;
        foreach (VoiceState state in Guild()?.InChannel(channel) ?? []) Introduce(state.UserId);
    }

    public void Introduce(ulong userId)
    {
        if (Guild() is not { } guild || userId == people.SelfId) return;
        recording.Introduce(userId, guild.NameOf(userId), guild.IsBot(userId));
    }

    private Guild? Guild() => people.Find(guildId);
}
