using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>What a replay did, for people as one line and for programs as JSON (<c>--json</c>).</summary>
internal sealed record ReplaySummary
{
    /// <summary>The end of a replay that an earlier one had brought to its end.</summary>
    public const string AlreadyClosed = nameof(AlreadyClosed);

    public required RecordingId RecordingId { get; init; }

    /// <summary>stopped, handedOver, limit, lost, alreadyClosed.</summary>
    public required string End { get; init; }

    /// <summary>Wall clock at sample 0.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Length of the recording.</summary>
    public required double Seconds { get; init; }

    /// <summary>How long this run took.</summary>
    public required double RealSeconds { get; init; }

    public required int Speakers { get; init; }

    /// <summary>Owners of the recording so far; 1 when it was never continued.</summary>
    public required int Incarnation { get; init; }

    public long PacketsSent { get; init; }
    public long PacketsLost { get; init; }

    /// <summary>In this run.</summary>
    public long SegmentsClosed { get; init; }

    /// <summary>In this run.</summary>
    public long SegmentsUploaded { get; init; }

    public long BytesUploaded { get; init; }

    /// <summary>Segments of the finished recording as the recording API lists them; null when it was not asked.</summary>
    public long? SegmentsFinalized { get; init; }

    /// <summary>Segments still in the spool.</summary>
    public long SpoolFiles { get; init; }

    public long SpoolHighWaterBytes { get; init; }
    public double SpokenToDurableP50 { get; init; }
    public double SpokenToDurableP95 { get; init; }
    public IReadOnlyList<MemorySample> Memory { get; init; } = [];
    public IReadOnlyList<TrackSummary> Tracks { get; init; } = [];

    /// <summary>
    /// The recordings that this run made of the call, the last one is <see cref="RecordingId"/>: more than one where the call is longer
    /// than RECORDING_MAX_DURATION.
    /// </summary>
    public IReadOnlyList<ReplayPart> Parts { get; init; } = [];

    /// <summary>What was wrong with the files, one line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"recording {RecordingId} {End}: {Seconds:F1} s, {Speakers} speakers, {SegmentsClosed} segments closed, {SegmentsUploaded} "
            + $"uploaded, {BytesUploaded} bytes, spool {SpoolFiles} files, spoken->durable p50 {SpokenToDurableP50:F2} s p95 "
            + $"{SpokenToDurableP95:F2} s, {RealSeconds:F1} s real time");

    public void WriteTo(string file) =>
        File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(this, ReplayJsonContext.Default.ReplaySummary));
}

/// <summary>One recording of a replayed call.</summary>
/// <param name="Seconds">Its length.</param>
internal sealed record ReplayPart(RecordingId RecordingId, double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ReplaySummary))]
[JsonSerializable(typeof(ReplayMark))]
internal sealed partial class ReplayJsonContext : JsonSerializerContext;
