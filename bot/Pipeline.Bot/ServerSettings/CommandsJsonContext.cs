using System.Text.Json.Serialization;
using Pipeline.Bot.Panel;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.ServerSettings;

/// <summary>JSON of the commands' small local files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredSettings))]
[JsonSerializable(typeof(ChangedNickname))]
[JsonSerializable(typeof(FollowedPanel))]
internal sealed partial class CommandsJsonContext : JsonSerializerContext;

/// <summary>Last-known copy of a server's settings. <see cref="Unsaved"/>: changed here, not yet written to the API.</summary>
internal sealed record StoredSettings
{
    public GuildSettings Settings { get; init; } = new();
    public bool Unsaved { get; init; }
}

/// <summary>The name that the bot had before a recording changed it; null: none.</summary>
internal sealed record ChangedNickname
{
    public string? Before { get; init; }
}
