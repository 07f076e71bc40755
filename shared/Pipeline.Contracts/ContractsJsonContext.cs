using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>JSON of everything that crosses a queue or lies in the temp container: camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RecordingStarted))]
[JsonSerializable(typeof(SegmentReady))]
[JsonSerializable(typeof(RecordingStopped))]
[JsonSerializable(typeof(RenderWindow))]
[JsonSerializable(typeof(TranscribeStretch))]
[JsonSerializable(typeof(SessionManifest))]
[JsonSerializable(typeof(SessionInfo))]
public sealed partial class ContractsJsonContext : JsonSerializerContext;
