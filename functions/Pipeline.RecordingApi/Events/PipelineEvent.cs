using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Events;

/// <summary>
/// Something that happened. The same on every try and on every way it is told: a webhook's body, a row of <c>GET /api/events</c>. Only
/// names of people who are erased go out of it.
/// </summary>
public sealed record PipelineEvent
{
    /// <summary>The same for the same happening, however often it is told.</summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="EventTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>When it was written down, UTC.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    public required EventData Data { get; init; }
}

/// <summary>
/// What an event tells; what does not belong to its type is left out. Links instead of content, so that it stays below 20 KB.
/// </summary>
public sealed record EventData
{
    public string? RecordingId { get; init; }

    /// <summary>Decimal string.</summary>
    public string? GuildId { get; init; }

    /// <summary>Decimal string; the voice channel.</summary>
    public string? ChannelId { get; init; }

    public string? Title { get; init; }

    /// <summary><c>recording.safe</c>: what the cloud has confirmed, samples at 48 kHz since the start.</summary>
    public long? SafeSamples { get; init; }

    /// <summary><c>segment.stored</c>: whose it is, decimal string.</summary>
    public string? UserId { get; init; }

    /// <summary><c>segment.stored</c>: its number in that person's track.</summary>
    public int? SegmentIndex { get; init; }

    /// <summary><c>recording.completed</c>: milliseconds.</summary>
    public long? Duration { get; init; }

    /// <summary><c>recording.completed</c>.</summary>
    public int? ParticipantCount { get; init; }

    /// <summary><c>recording.completed</c>.</summary>
    public int? SegmentCount { get; init; }

    /// <summary><c>recording.completed</c>: stopped, interrupted, disconnected or limit.</summary>
    public string? EndReason { get; init; }

    /// <summary>
    /// <c>files.ready</c>: names below <c>/api/recordings/{id}/files/</c>; left out once somebody was erased or the recording deleted.
    /// </summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary><c>recording.expiring</c>: when.</summary>
    public DateTimeOffset? DeletesAt { get; init; }

    /// <summary><c>recording.problem</c>: one sentence.</summary>
    public string? Problem { get; init; }

    /// <summary>Path of the recording in this API.</summary>
    public string? Url { get; init; }
}

/// <summary>Body of <c>GET /api/events</c>, oldest first.</summary>
public sealed record EventPage
{
    public required IReadOnlyList<PipelineEvent> Events { get; init; }

    /// <summary>Give it as <c>after</c> to go on; the same as before where nothing has come.</summary>
    public string? Next { get; init; }
}

/// <summary>JSON of events: camelCase, nulls left out, text as it is written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PipelineEvent))]
[JsonSerializable(typeof(EventData))]
[JsonSerializable(typeof(EventPage))]
public sealed partial class EventJsonContext : JsonSerializerContext;
