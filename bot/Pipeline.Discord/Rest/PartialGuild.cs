using Pipeline.Discord.Model;

namespace Pipeline.Discord.Rest;

/// <summary>A guild as <c>GET /users/@me/guilds</c> lists it.</summary>
public sealed record PartialGuild
{
    public required ulong Id { get; init; }
    public string Name { get => field ?? ""; init; }
    public bool Owner { get; init; }

    /// <summary>The bot's permissions in the guild, without channel overwrites.</summary>
    public Permissions Permissions { get; init; }
}
