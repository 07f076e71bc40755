using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>JSON of what the bot reads from the recording API: camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuildSettings))]
[JsonSerializable(typeof(RecordingPage))]
[JsonSerializable(typeof(RecordingDetails))]
[JsonSerializable(typeof(RecordingSegment[]))]
[JsonSerializable(typeof(DeletionState))]
[JsonSerializable(typeof(RecordingFiles))]
[JsonSerializable(typeof(PersonErasure))]
[JsonSerializable(typeof(TitleRequest))]
[JsonSerializable(typeof(ShareRequest))]
[JsonSerializable(typeof(ShareDetails))]
[JsonSerializable(typeof(ShareList))]
public sealed partial class ApiJsonContext : JsonSerializerContext;
