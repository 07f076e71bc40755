using System.Text;
using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>A command, button or form that somebody used (Discord: Interaction Object). The token is a secret for 15 minutes.</summary>
public sealed record Interaction
{
    public required ulong Id { get; init; }
    public ulong ApplicationId { get; init; }

    [JsonPropertyName("type")]
    public InteractionKind Kind { get; init; }

    public InteractionData? Data { get; init; }

    /// <summary>Null in a direct message.</summary>
    public ulong? GuildId { get; init; }

    public ulong? ChannelId { get; init; }

    /// <summary>The caller inside a guild.</summary>
    public GuildMember? Member { get; init; }

    /// <summary>The caller in a direct message.</summary>
    public DiscordUser? User { get; init; }

    public string Token { get => field ?? ""; init; }

    /// <summary>The message that carries the component.</summary>
    public InteractionMessage? Message { get; init; }

    public Permissions? AppPermissions { get; init; }

    /// <summary>Who did it.</summary>
    public DiscordUser? Caller => Member?.User ?? User;

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Id = ").Append(Id).Append(", Kind = ").Append(Kind).Append(", GuildId = ").Append(GuildId).Append(", Name = ").Append(Data?.Name ?? Data?.CustomId);
        return true;
    }
}
