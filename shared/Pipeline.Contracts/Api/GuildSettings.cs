using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>What a server has chosen: body of <c>GET</c> and <c>PUT /api/guilds/{guildId}/settings</c>.</summary>
public sealed record GuildSettings
{
    /// <summary>Who may record besides those with Manage Server; null for nobody.</summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public ulong? RecorderRoleId { get; init; }

    /// <summary>How a recording is announced, at most 32 characters; null for the bot's default.</summary>
    public string? AnnounceMode { get; init; }

    /// <summary>People who do not want to be recorded in this server, as decimal strings.</summary>
    public IReadOnlyList<string> OptedOutUserIds { get; init; } = [];

    /// <summary>Whether people are asked: off, ask or required; null is off.</summary>
    public string? Consent { get; init; }

    /// <summary>Greatest <see cref="KeepDays"/>: ten years.</summary>
    public const int MostKeepDays = 3650;

    /// <summary>
    /// So many days after its end a recording is deleted, 1 to <see cref="MostKeepDays"/>; 0 is never; null: as the owner of the functions
    /// has set it.
    /// </summary>
    public int? KeepDays { get; init; }

    /// <summary>Channels that are recorded without a command, at most <see cref="AutoRecordRule.Most"/>; null: none.</summary>
    public IReadOnlyList<AutoRecordRule>? AutoRecord { get; init; }

    /// <summary>Fields of a newer bot: kept and given back as they came.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}
