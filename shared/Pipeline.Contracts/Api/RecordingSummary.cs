namespace Pipeline.Contracts.Api;

/// <summary>
/// One row of <c>GET /api/recordings</c>. Ids of Discord are decimal strings; times in Unix ms unless they are <c>…At</c>.
/// </summary>
public record RecordingSummary
{
    public required string Id { get; init; }
    public required string SessionId { get; init; }
    public required RecordingStatus Status { get; init; }
    public required string GuildId { get; init; }
    public string? GuildName { get; init; }
    public string? ChannelId { get; init; }
    public string? ChannelName { get; init; }

    /// <summary>
    /// Channels that the call went on in after a move: a bot shows the recording to those alone who may enter all of them. Null: none.
    /// </summary>
    public IReadOnlyList<string>? FurtherChannelIds { get; init; }

    /// <summary>Who started it.</summary>
    public string? UserId { get; init; }

    public string? Title { get; init; }
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>Unix ms; null while live.</summary>
    public long? SessionEndTime { get; init; }

    /// <summary>Milliseconds; null while live.</summary>
    public long? Duration { get; init; }

    /// <summary>Bytes.</summary>
    public long TotalSize { get; init; }

    public int ParticipantCount { get; init; }
    public int SegmentCount { get; init; }
    public int MissingSegmentCount { get; init; }
    public string? EndReason { get; init; }

    /// <summary>When it is deleted; null: never, or while live.</summary>
    public DateTimeOffset? DeletesAt { get; init; }

    /// <summary>True: somebody wants it kept, whatever the server's setting says.</summary>
    public bool? IsKept { get; init; }
}

/// <summary>Answer of <c>GET /api/recordings?guildId=…&amp;limit=…&amp;cursor=…</c>, newest first.</summary>
public sealed record RecordingPage
{
    public required IReadOnlyList<RecordingSummary> Recordings { get; init; }

    /// <summary>Give it back as <c>cursor</c> for the next page; null at the end.</summary>
    public string? NextCursor { get; init; }
}
