using System.Text.Json.Serialization;

namespace Pipeline.RecordingApi.Shares;

/// <summary>JSON of the share routes that only the page speaks.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SessionRequest))]
internal sealed partial class SharesJsonContext : JsonSerializerContext;

/// <summary>Body of <c>POST /api/recordings/{recordingId}/session</c>.</summary>
/// <param name="Key">The link's secret.</param>
internal sealed record SessionRequest(string? Key);
