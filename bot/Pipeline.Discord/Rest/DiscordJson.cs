using System.Text.Json.Serialization;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Rest;

/// <summary>JSON of REST: snake_case, ids as strings, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    Converters = [typeof(SnowflakeJsonConverter), typeof(PermissionsJsonConverter), typeof(LenientInt32JsonConverter)])]
[JsonSerializable(typeof(GatewayInfo))]
[JsonSerializable(typeof(DiscordUser))]
[JsonSerializable(typeof(DiscordApplication))]
[JsonSerializable(typeof(ApplicationCommand[]))]
[JsonSerializable(typeof(InteractionResponse))]
[JsonSerializable(typeof(MessageBody))]
[JsonSerializable(typeof(SentMessage))]
[JsonSerializable(typeof(DirectMessageRequest))]
[JsonSerializable(typeof(NicknameRequest))]
[JsonSerializable(typeof(PartialGuild[]))]
[JsonSerializable(typeof(GuildChannel))]
[JsonSerializable(typeof(GuildChannel[]))]
[JsonSerializable(typeof(GuildRole[]))]
[JsonSerializable(typeof(GuildMember))]
internal sealed partial class DiscordJson : JsonSerializerContext;

/// <summary>Body of Create DM.</summary>
internal sealed record DirectMessageRequest(ulong RecipientId);

/// <summary>Body of Modify Current Member; null removes the nickname.</summary>
internal sealed record NicknameRequest
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Nick { get; init; }
}
