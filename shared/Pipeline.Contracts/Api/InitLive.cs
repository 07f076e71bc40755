using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>Body of <c>POST /api/recordings/init-live</c>. Everything may be absent on the wire; the API says what must not be.</summary>
public record InitLiveRequest
{
    /// <summary>UUID of the session.</summary>
    public string? SessionId { get; init; }

    public string? GuildId { get; init; }
    public string? GuildName { get; init; }
    public string? ChannelId { get; init; }

    /// <summary>Optional addition.</summary>
    public string? ChannelName { get; init; }

    /// <summary>Who started it.</summary>
    public string? UserId { get; init; }

    /// <summary>ISO 8601 with a zone, from 1970 up to 2100.</summary>
    [JsonConverter(typeof(ZonedTimeConverter))]
    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Optional addition.</summary>
    public string? Title { get; init; }
}

/// <summary>Answer of <c>init-live</c> with 200 and 201.</summary>
public sealed record InitLiveResponse
{
    public string? RecordingId { get; init; }
    public string? Status { get; init; }

    /// <summary>Optional addition: finalize takes lists in parts of at most so many segments.</summary>
    public int? FinalizePartSegments { get; init; }
}

/// <summary>What matters of a 409: the recording is over, or parts of its list are missing.</summary>
public sealed record FinishedAnswer
{
    public string? RecordingId { get; init; }

    /// <summary>How far it is; <c>deleted</c> from our own API.</summary>
    public string? CurrentStatus { get; init; }

    public int? FinalizePartSegments { get; init; }
    public IReadOnlyList<int>? MissingParts { get; init; }
}
