using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// A run of one person's talk that is sent to the service in one piece. Positions in samples at 48 kHz since the start of the recording.
/// </summary>
public sealed record Stretch
{
    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    public required string Username { get; init; }

    /// <summary>What is sent, by start, without overlap; the silence between is left out.</summary>
    public required IReadOnlyList<SampleStretch> Pieces { get; init; }

    /// <summary>What it was cut from: where one of these is gone, the text goes too.</summary>
    public required IReadOnlyList<StretchSegment> Segments { get; init; }

    [JsonIgnore]
    public long Start => Pieces[0].StartSample;

    [JsonIgnore]
    public long End => Pieces[^1].StartSample + Pieces[^1].SampleCount;

    [JsonIgnore]
    public long Samples => Pieces.Sum(piece => piece.SampleCount);
}

/// <summary>A segment of the person's track.</summary>
public readonly record struct StretchSegment(int Index, long Start, long Count);

/// <summary>How far a stretch is.</summary>
public enum StretchState
{
    Waiting,
    Done,

    /// <summary>Given up.</summary>
    Failed,
}

/// <summary>What is stored of a stretch.</summary>
public sealed record StretchRow(Stretch Stretch, StretchState State, string Etag)
{
    /// <summary>Tries so far.</summary>
    public int Attempts { get; init; }

    /// <summary>No try before; null for at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Somebody tries it until then.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    /// <summary>Why the last try gave no text; null where none failed.</summary>
    public string? Reason { get; init; }

    /// <summary>Only where it was asked for; null where there is none.</summary>
    public StretchText? Text { get; init; }
}

/// <summary>The text of a stretch.</summary>
/// <param name="Language">As the service named it.</param>
public sealed record StretchText(string? Language, IReadOnlyList<TextPhrase> Phrases);

/// <summary>A phrase at its place in the recording. Seconds since the start.</summary>
public sealed record TextPhrase(double Start, double End, string Text, double? Confidence, IReadOnlyList<HeardWord> Words);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Stretch))]
[JsonSerializable(typeof(StretchText))]
internal sealed partial class StretchJsonContext : JsonSerializerContext;
