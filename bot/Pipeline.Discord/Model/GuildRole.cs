namespace Pipeline.Discord.Model;

/// <summary>A role; the one whose id equals the guild's is @everyone.</summary>
public sealed record GuildRole
{
    public required ulong Id { get; init; }
    public string Name { get => field ?? ""; init; }
    public Permissions Permissions { get; init; }
}
