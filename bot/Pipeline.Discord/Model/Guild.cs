using System.Collections.Immutable;

namespace Pipeline.Discord.Model;

/// <summary>
/// What is known of one guild at one moment; an event makes a new one, so a reader on any thread sees a consistent picture.
/// Members are those whom Discord named without a privileged intent: the bot, people in voice, and a few more.
/// </summary>
public sealed record Guild
{
    public required ulong Id { get; init; }
    public string Name { get; init; } = "";
    public ulong OwnerId { get; init; }

    /// <summary>An outage at Discord: the rest is the last known.</summary>
    public bool Unavailable { get; init; }

    public ImmutableDictionary<ulong, GuildRole> Roles { get; init; } = ImmutableDictionary<ulong, GuildRole>.Empty;
    public ImmutableDictionary<ulong, GuildChannel> Channels { get; init; } = ImmutableDictionary<ulong, GuildChannel>.Empty;
    public ImmutableDictionary<ulong, GuildMember> Members { get; init; } = ImmutableDictionary<ulong, GuildMember>.Empty;

    /// <summary>User to state; only users who are in a channel.</summary>
    public ImmutableDictionary<ulong, VoiceState> VoiceStates { get; init; } = ImmutableDictionary<ulong, VoiceState>.Empty;

    /// <summary>Everybody in <paramref name="channelId"/>, bots included.</summary>
    public IEnumerable<VoiceState> InChannel(ulong channelId) => VoiceStates.Values.Where(state => state.ChannelId == channelId);

    /// <summary>Whether the account is known to be a bot.</summary>
    public bool IsBot(ulong userId) => Members.TryGetValue(userId, out GuildMember? member) && member.User is { Bot: true };

    /// <summary>The name that people see, or the id when Discord has not named the user.</summary>
    public string NameOf(ulong userId) =>
        Members.TryGetValue(userId, out GuildMember? member) && member.DisplayName.Length > 0
            ? member.DisplayName
            : userId.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A role; the one whose id equals the guild's is @everyone.</summary>
public sealed record GuildRole
{
    public required ulong Id { get; init; }
    public string Name { get => field ?? ""; init; }
    public Permissions Permissions { get; init; }
}

/// <summary>What a channel changes for a role (<see cref="Type"/> 0) or a member (1).</summary>
public sealed record PermissionOverwrite
{
    public required ulong Id { get; init; }
    public int Type { get; init; }
    public Permissions Allow { get; init; }
    public Permissions Deny { get; init; }
}
