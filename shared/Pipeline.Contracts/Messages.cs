using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>Queue message: a recording has started. Best effort; <see cref="SegmentReady"/> alone is enough.</summary>
public sealed record RecordingStarted
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required SessionInfo Session { get; init; }

    /// <summary>How often the functions have put this message back; the sender writes 0.</summary>
    public int Attempt { get; init; }

    /// <summary>W3C trace context of the sender, or null.</summary>
    public string? Traceparent { get; init; }
}

/// <summary>Queue message: one segment lies in the temp container. The same text is the blob's metadata.</summary>
public sealed record SegmentReady
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required SessionInfo Session { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    /// <summary>Display name, 1-100 characters of any Unicode.</summary>
    public required string Username { get; init; }

    /// <summary>Counts from 0 per user.</summary>
    public required int SegmentIndex { get; init; }

    /// <summary>Name in the temp container, as <see cref="BlobPaths.Segment"/> writes it.</summary>
    public required string BlobName { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long FileSize { get; init; }

    /// <summary>MD5 of the file (RFC 1321), base64, as in the Content-MD5 header.</summary>
    public required string ContentMd5 { get; init; }

    /// <summary>Position of the first sample since the start of the recording, 48 kHz.</summary>
    public required long StartSample { get; init; }

    /// <summary>Samples per channel, 48 kHz.</summary>
    public required long SampleCount { get; init; }

    public required int Channels { get; init; }

    /// <summary>
    /// Stretches inside an Opus segment of which no packet came, for what decodes it; null for none. A WAV segment has them made up.
    /// </summary>
    public IReadOnlyList<LostStretch>? Lost { get; init; }

    /// <summary>Wall clock of the bot when the file was closed.</summary>
    public required DateTimeOffset ClosedAt { get; init; }

    /// <summary>How often the functions have put this message back; the sender writes 0.</summary>
    public int Attempt { get; init; }

    /// <summary>W3C trace context of the span that closed the segment, or null.</summary>
    public string? Traceparent { get; init; }

    [JsonIgnore]
    public SegmentKey Key => new(Session.RecordingId, UserId, SegmentIndex);

    /// <summary>What the file is; its name says so.</summary>
    [JsonIgnore]
    public SegmentFormat Format => SegmentFormats.OfName(BlobName);

    [JsonIgnore]
    public DateTimeOffset AbsoluteStartTime => Session.StartedAt + SampleClock.ToTime(StartSample);

    [JsonIgnore]
    public DateTimeOffset AbsoluteEndTime => Session.StartedAt + SampleClock.ToTime(StartSample + SampleCount);
}

/// <summary>Samples at 48 kHz since the segment's first.</summary>
public sealed record LostStretch(long StartSample, long SampleCount);

/// <summary>Queue message: the recording has ended; its last manifest is in the temp container.</summary>
public sealed record RecordingStopped
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required SessionInfo Session { get; init; }
    public required DateTimeOffset EndedAt { get; init; }
    public required EndReason EndReason { get; init; }

    /// <summary>Samples between start and end, 48 kHz.</summary>
    public required long SampleCount { get; init; }

    /// <summary>What each track announces; null when it would not fit into a message (the manifest has it).</summary>
    public IReadOnlyList<TrackSummary>? Tracks { get; init; }

    /// <summary>How often the functions have put this message back; the sender writes 0.</summary>
    public int Attempt { get; init; }

    /// <summary>How many of these were outages of somebody else, one after the other; the sender writes 0.</summary>
    public int Outages { get; init; }

    public string? Traceparent { get; init; }
}

/// <summary>Why a recording ended, as the recording API names it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndReason>))]
public enum EndReason
{
    [JsonStringEnumMemberName("stopped")] Stopped,
    [JsonStringEnumMemberName("interrupted")] Interrupted,
    [JsonStringEnumMemberName("disconnected")] Disconnected,
    [JsonStringEnumMemberName("limit")] Limit,
}

/// <summary>Queue message: a recording has something to render, or a file of it was asked for.</summary>
public sealed record RenderWindow
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required RecordingId RecordingId { get; init; }

    /// <summary>Key of a file that somebody wants; null: whatever is not rendered yet.</summary>
    public string? File { get; init; }

    /// <summary>Number that the functions give a message by which they come back to what was not done; null in one that asks.</summary>
    public long? Look { get; init; }

    /// <summary>W3C trace context of the sender, or null.</summary>
    public string? Traceparent { get; init; }
}

/// <summary>Queue message: somebody's talk in a recording may be ripe to become text.</summary>
public sealed record TranscribeStretch
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required RecordingId RecordingId { get; init; }

    /// <summary>Whose; null for everybody in it.</summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public ulong? UserId { get; init; }

    /// <summary>Where the segment ended whose coming is the reason to look, samples at 48 kHz; null for none.</summary>
    public long? EndSample { get; init; }

    /// <summary>W3C trace context of the sender, or null.</summary>
    public string? Traceparent { get; init; }
}
