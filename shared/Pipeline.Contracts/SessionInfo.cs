using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>
/// What is known when a recording starts. Every message carries it, so that any one of them is enough
/// to create the recording when an earlier message was lost.
/// </summary>
public sealed record SessionInfo
{
    public required RecordingId RecordingId { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong GuildId { get; init; }

    /// <summary>1-100 characters of any Unicode.</summary>
    public required string GuildName { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong ChannelId { get; init; }

    /// <summary>As it was at the start; null where nobody said.</summary>
    public string? ChannelName { get; init; }

    /// <summary>Who started it.</summary>
    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong StartedBy { get; init; }

    /// <summary>Wall clock at sample 0 of the recording.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    public string? Title { get; init; }
}

/// <summary>How ids of Discord look in JSON: decimal strings, because they pass 2^53.</summary>
public static class Snowflakes
{
    public const JsonNumberHandling AsText = JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString;
}
