namespace Pipeline.DiscordSimulator.World;

/// <summary>Discord's order of permissions ("Permissions", section Permission Overwrites).</summary>
public static class PermissionRules
{
    /// <summary>What a member may do in a channel, or in the guild as a whole when <paramref name="channel"/> is null.</summary>
    public static Permissions Resolve(SimulatedMember member, SimulatedChannel? channel)
    {
        SimulatedGuild guild = member.Guild;
        if (member.Id == guild.OwnerId)
            return Permissions.All;
        Permissions bits = guild.Everyone.Permissions;
        foreach (SimulatedRole role in member.Roles)
            bits |= role.Permissions;
        if (bits.HasFlag(Permissions.Administrator))
            return Permissions.All;
        if (channel is null)
            return bits;

        bits = Apply(bits, channel, overwrite => overwrite.TargetId == guild.Id);
        bits = Apply(bits, channel, overwrite => member.Roles.Any(role => role.Id == overwrite.TargetId));
        bits = Apply(bits, channel, overwrite => overwrite.IsMember && overwrite.TargetId == member.Id);
        if (!bits.HasFlag(Permissions.ViewChannel))
            return Permissions.None;
        if (channel.IsVoice && !bits.HasFlag(Permissions.Connect))
            bits &= Permissions.ViewChannel;
        return bits;
    }

    private static Permissions Apply(
        Permissions bits, SimulatedChannel channel, Func<PermissionOverwrite, bool> applies)
    {
        Permissions allow = Permissions.None;
        Permissions deny = Permissions.None;
        foreach (PermissionOverwrite overwrite in channel.Overwrites.Where(applies))
        {
            allow |= overwrite.Allow;
            deny |= overwrite.Deny;
        }

        return (bits & ~deny) | allow;
    }
}
