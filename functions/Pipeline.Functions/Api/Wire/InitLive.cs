namespace Pipeline.Functions.Api.Wire;

/// <summary>Body of <c>POST /api/recordings/init-live</c>. Everything may be absent on the wire; the API says what must not be.</summary>
public record InitLiveRequest
{
    /// <summary>UUID of the session.</summary>
    public string? SessionId { get; init; }

    public string? GuildId { get; init; }
    public string? GuildName { get; init; }
    public string? ChannelId { get; init; }

    /// <summary>Who started it.</summary>
    public string? UserId { get; init; }

    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Optional addition.</summary>
    public string? Title { get; init; }
}

/// <summary>Answer of <c>init-live</c>: 200/201 with <see cref="Status"/>, 409 with <see cref="CurrentStatus"/>.</summary>
public sealed record InitLiveResponse
{
    public string? RecordingId { get; init; }
    public string? Status { get; init; }
    public string? CurrentStatus { get; init; }
}
