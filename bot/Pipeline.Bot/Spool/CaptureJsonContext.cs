using System.Text.Json.Serialization;

namespace Pipeline.Bot.Spool;

/// <summary>JSON of what lies beside the WAV files in the spool: camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SegmentSidecar))]
internal sealed partial class CaptureJsonContext : JsonSerializerContext;
