using System.Text.Json.Serialization;
using Pipeline.Bot.Panel;

namespace Pipeline.Bot.ServerSettings;

/// <summary>JSON of the commands' small local files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredSettings))]
[JsonSerializable(typeof(ChangedNickname))]
[JsonSerializable(typeof(FollowedPanel))]
internal sealed partial class CommandsJsonContext : JsonSerializerContext;

/// <summary>The name that the bot had before a recording changed it; null: none.</summary>
internal sealed record ChangedNickname
{
    public string? Before { get; init; }
}
