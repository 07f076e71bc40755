using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>A channel of a guild.</summary>
public sealed record GuildChannel
{
    public required ulong Id { get; init; }

    /// <summary>Absent in GUILD_CREATE's list on the wire; the cache fills it in.</summary>
    public ulong GuildId { get; init; }

    [JsonPropertyName("type")]
    public ChannelKind Kind { get; init; }

    public string Name { get => field ?? ""; init; }

    /// <summary>Most members that the voice channel takes; 0 is unlimited.</summary>
    public int UserLimit { get; init; }

    [JsonPropertyName("permission_overwrites")]
    public IReadOnlyList<PermissionOverwrite> Overwrites { get => field ?? []; init; }

    /// <summary>Voice and stage channels can be recorded.</summary>
    public bool HasVoice => Kind is ChannelKind.Voice or ChannelKind.Stage;
}

/// <summary>Channel types that matter to a recorder (Discord: Channel Types). Other values are kept as numbers.</summary>
public enum ChannelKind
{
    Text = 0,
    DirectMessage = 1,
    Voice = 2,
    Category = 4,
    Stage = 13,
}
