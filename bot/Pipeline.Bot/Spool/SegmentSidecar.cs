using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// What a segment in the spool cannot say of itself. Written beside it when the segment opens, so that a crash leaves
/// nothing nameless; written again when the start or the name became known better.
/// </summary>
internal sealed record SegmentSidecar
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required SessionInfo Session { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    /// <summary>Display name, or the user id as text while the name is unknown.</summary>
    public required string Username { get; init; }

    /// <summary>Counts from 0 per user.</summary>
    public required int Index { get; init; }

    /// <summary>Position of the first sample since the start of the recording, 48 kHz.</summary>
    public required long StartSample { get; init; }

    public required int Channels { get; init; }

    [JsonIgnore]
    public SegmentKey Key => new(Session.RecordingId, UserId, Index);
}

/// <summary>JSON of what lies beside the segments in the spool: camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SegmentSidecar))]
internal sealed partial class CaptureJsonContext : JsonSerializerContext;
