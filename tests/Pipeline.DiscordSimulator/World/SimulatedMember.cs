using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>A user in a guild.</summary>
/// <param name="guild">The guild.</param>
/// <param name="user">The account.</param>
/// <param name="joinedAt">Since when.</param>
public sealed class SimulatedMember(SimulatedGuild guild, SimulatedUser user, DateTimeOffset joinedAt)
{
    private readonly List<SimulatedRole> roles = [];
    private readonly List<string?> nicknames = [];

    /// <summary>The guild.</summary>
    public SimulatedGuild Guild { get; } = guild;

    /// <summary>The account.</summary>
    public SimulatedUser User { get; } = user;

    /// <summary>The account's id.</summary>
    public ulong Id => User.Id;

    /// <summary>Name in this guild; null shows the account's.</summary>
    public string? Nickname { get; private set; }

    /// <summary>Every nickname that was set, oldest first.</summary>
    public IReadOnlyList<string?> NicknameHistory => nicknames;

    /// <summary>Roles beside @everyone.</summary>
    public IReadOnlyList<SimulatedRole> Roles => roles;

    /// <summary>The name that others see.</summary>
    public string DisplayName => Nickname ?? User.GlobalName ?? User.Username;

    /// <summary>Gives a role. Returns the member.</summary>
    public SimulatedMember With(SimulatedRole role)
    {
        Guild.Loop.Run(() => roles.Add(role));
        return this;
    }

    /// <summary>Takes a role.</summary>
    public void Without(SimulatedRole role) => Guild.Loop.Run(() => roles.Remove(role));

    internal void Rename(string? nickname)
    {
        Nickname = nickname;
        nicknames.Add(nickname);
    }

    internal JsonObject ToJson(bool withUser = true)
    {
        JsonObject json = new()
        {
            ["nick"] = Nickname,
            ["avatar"] = null,
            ["banner"] = null,
            ["roles"] = Json.Ids(roles.Select(role => role.Id)),
            ["joined_at"] = Json.Time(joinedAt),
            ["premium_since"] = null,
            ["deaf"] = Guild.VoiceStateOf(Id)?.Deaf ?? false,
            ["mute"] = Guild.VoiceStateOf(Id)?.Mute ?? false,
            ["flags"] = 0,
            ["pending"] = false,
            ["communication_disabled_until"] = null,
        };
        if (withUser)
            json["user"] = User.ToJson();
        return json;
    }
}
