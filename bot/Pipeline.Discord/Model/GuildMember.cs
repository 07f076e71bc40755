using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>An account inside one guild (Discord: Guild Member Object).</summary>
public sealed record GuildMember
{
    public DiscordUser? User { get; init; }
    public string? Nick { get; init; }

    /// <summary>Role ids; the @everyone role, whose id is the guild's, is not among them.</summary>
    [JsonPropertyName("roles")]
    public IReadOnlyList<ulong> RoleIds { get => field ?? []; init; }

    /// <summary>Only in interactions: what the member may do in the channel of the interaction, overwrites included.</summary>
    public Permissions? Permissions { get; init; }

    /// <summary>The name that the guild shows.</summary>
    public string DisplayName => string.IsNullOrWhiteSpace(Nick) ? User?.DisplayName ?? "" : Nick;
}

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
