namespace Pipeline.Discord.Model;

/// <summary>What a channel changes for a role (<see cref="Type"/> 0) or a member (1).</summary>
public sealed record PermissionOverwrite
{
    public required ulong Id { get; init; }
    public int Type { get; init; }
    public Permissions Allow { get; init; }
    public Permissions Deny { get; init; }
}
