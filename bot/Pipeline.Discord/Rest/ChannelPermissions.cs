using Pipeline.Discord.Model;

namespace Pipeline.Discord.Rest;

/// <summary>What a member may do in a channel (Discord: Permission Hierarchy, Permission Overwrites).</summary>
public static class ChannelPermissions
{
    /// <summary>Owner or Administrator: everything. Else @everyone and roles, then the channel's overwrites, as they are written.</summary>
    public static Permissions Granted(
        ulong guildId, ulong ownerId, IReadOnlyDictionary<ulong, GuildRole> roles, GuildChannel channel, ulong userId,
            IReadOnlyCollection<ulong> roleIds)
    {
        if (userId == ownerId) return Permissions.All;
        Permissions granted = RoleOf(roles, guildId);
        foreach (ulong role in roleIds) granted |= RoleOf(roles, role);
        if (granted.HasFlag(Permissions.Administrator)) return Permissions.All;
        granted = Apply(granted, channel.Overwrites.Where(overwrite => overwrite.Type == 0 && overwrite.Id == guildId));
        granted = Apply(granted,
            channel.Overwrites.Where(overwrite => overwrite.Type == 0 && overwrite.Id != guildId && roleIds.Contains(overwrite.Id)));
        return Apply(granted, channel.Overwrites.Where(overwrite => overwrite.Type == 1 && overwrite.Id == userId));
    }

    /// <summary>
    /// What is left of
    /// <see cref="Granted(ulong, ulong, IReadOnlyDictionary{ulong, GuildRole}, GuildChannel, ulong, IReadOnlyCollection{ulong})"/> when the
    /// channel cannot be seen, or its voice not entered.
    /// </summary>
    public static Permissions Resolve(
        ulong guildId, ulong ownerId, IReadOnlyDictionary<ulong, GuildRole> roles, GuildChannel channel, ulong userId,
            IReadOnlyCollection<ulong> roleIds)
    {
        Permissions granted = Granted(guildId, ownerId, roles, channel, userId, roleIds);
        if (!granted.HasFlag(Permissions.ViewChannel)) return Permissions.None;
        return channel.HasVoice && !granted.HasFlag(Permissions.Connect) ? granted & Permissions.ViewChannel : granted;
    }

    /// <summary>What the cache says is granted; a member without a record has only @everyone.</summary>
    public static Permissions Granted(Guild guild, GuildChannel channel, ulong userId) =>
        Granted(guild.Id, guild.OwnerId, guild.Roles, channel, userId, guild.Members.GetValueOrDefault(userId)?.RoleIds ?? []);

    /// <summary>What the cache says is left; a member without a record has only @everyone.</summary>
    public static Permissions Resolve(Guild guild, GuildChannel channel, ulong userId) =>
        Resolve(guild.Id, guild.OwnerId, guild.Roles, channel, userId, guild.Members.GetValueOrDefault(userId)?.RoleIds ?? []);

    /// <summary>
    /// Whether the same people may see two channels of a guild and enter their voice, judged by @everyone and the overwrites alone. False
    /// also where other overwrites come to the same.
    /// </summary>
    public static bool HaveSameAudience(Guild guild, GuildChannel one, GuildChannel other)
    {
        const Permissions entering = Permissions.ViewChannel | Permissions.Connect;
        return Everyone(one) == Everyone(other) && Others(one).SetEquals(Others(other));

        Permissions Everyone(GuildChannel channel) =>
            Apply(RoleOf(guild.Roles, guild.Id), channel.Overwrites.Where(IsEveryones)) & entering;

        HashSet<(ulong, int, Permissions, Permissions)> Others(GuildChannel channel) =>
            [.. channel.Overwrites.Where(overwrite => !IsEveryones(overwrite) && ((overwrite.Allow | overwrite.Deny) & entering) != 0)
                .Select(overwrite => (overwrite.Id, overwrite.Type, overwrite.Allow & entering, overwrite.Deny & entering))];

        bool IsEveryones(PermissionOverwrite overwrite) => overwrite.Type == 0 && overwrite.Id == guild.Id;
    }

    /// <summary>All denials of one stage together, then all allowances.</summary>
    private static Permissions Apply(Permissions granted, IEnumerable<PermissionOverwrite> overwrites)
    {
        Permissions deny = Permissions.None;
        Permissions allow = Permissions.None;
        foreach (PermissionOverwrite overwrite in overwrites)
        {
            deny |= overwrite.Deny;
            allow |= overwrite.Allow;
        }
        return (granted & ~deny) | allow;
    }

    private static Permissions RoleOf(IReadOnlyDictionary<ulong, GuildRole> roles, ulong id) =>
        roles.TryGetValue(id, out GuildRole? role) ? role.Permissions : Permissions.None;
}
