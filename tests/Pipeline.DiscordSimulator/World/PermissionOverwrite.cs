namespace Pipeline.DiscordSimulator.World;

/// <summary>What a channel changes for one role or one member.</summary>
/// <param name="TargetId">Role or user id; the guild's own id means @everyone.</param>
/// <param name="IsMember">True when the target is a member.</param>
/// <param name="Allow">Bits given.</param>
/// <param name="Deny">Bits taken.</param>
public sealed record PermissionOverwrite(ulong TargetId, bool IsMember, Permissions Allow, Permissions Deny);
