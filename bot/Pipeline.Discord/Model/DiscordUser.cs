namespace Pipeline.Discord.Model;

/// <summary>An account, as READY, members and interactions carry it (Discord: User Object).</summary>
public sealed record DiscordUser
{
    public required ulong Id { get; init; }
    public string Username { get => field ?? ""; init; }
    public string? GlobalName { get; init; }
    public bool Bot { get; init; }

    /// <summary>What people see when the guild gives no nickname.</summary>
    public string DisplayName => string.IsNullOrWhiteSpace(GlobalName) ? Username : GlobalName;
}
