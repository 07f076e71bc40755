using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>JSON of the gateway: snake_case, ids as strings, numbers read leniently, unknown fields ignored.</summary>
/// <remarks>
/// The source generator sets every init property, an absent one to null: that is why lists and texts answer "empty" by their getter.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    Converters = [typeof(SnowflakeJsonConverter), typeof(PermissionsJsonConverter), typeof(LenientInt32JsonConverter)])]
[JsonSerializable(typeof(ReadyPayload))]
[JsonSerializable(typeof(GuildPayload))]
[JsonSerializable(typeof(GuildRole))]
[JsonSerializable(typeof(GuildChannel))]
[JsonSerializable(typeof(GuildMember))]
[JsonSerializable(typeof(VoiceState))]
[JsonSerializable(typeof(VoiceServerPayload))]
[JsonSerializable(typeof(GuildPartPayload))]
[JsonSerializable(typeof(Interaction))]
[JsonSerializable(typeof(GatewayInfo))]
internal sealed partial class GatewayJson : JsonSerializerContext;

/// <summary>READY.</summary>
internal sealed record ReadyPayload
{
    public required DiscordUser User { get; init; }
    public required string SessionId { get; init; }
    public string? ResumeGatewayUrl { get; init; }
    public IReadOnlyList<GuildPartPayload> Guilds { get => field ?? []; init; }
    public GuildPartPayload? Application { get; init; }
}

/// <summary>GUILD_CREATE and GUILD_UPDATE. Lists are read element by element, so that one odd element costs only itself.</summary>
internal sealed record GuildPayload
{
    public required ulong Id { get; init; }
    public string? Name { get; init; }
    public ulong? OwnerId { get; init; }
    public bool? Unavailable { get; init; }
    public IReadOnlyList<JsonElement>? Roles { get; init; }
    public IReadOnlyList<JsonElement>? Channels { get; init; }
    public IReadOnlyList<JsonElement>? Members { get; init; }
    public IReadOnlyList<JsonElement>? VoiceStates { get; init; }
}

/// <summary>VOICE_SERVER_UPDATE.</summary>
internal sealed record VoiceServerPayload
{
    public required ulong GuildId { get; init; }
    public string? Token { get; init; }
    public string? Endpoint { get; init; }
}

/// <summary>The few fields of stubs, GUILD_DELETE, GUILD_ROLE_… and GUILD_MEMBER_UPDATE.</summary>
internal sealed record GuildPartPayload
{
    public ulong Id { get; init; }
    public ulong GuildId { get; init; }
    public bool? Unavailable { get; init; }
    public GuildRole? Role { get; init; }
    public ulong? RoleId { get; init; }
}
