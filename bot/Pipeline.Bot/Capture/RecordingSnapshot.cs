using System.Collections.Immutable;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>A running recording at one moment. Positions are samples since its start, 48 kHz.</summary>
internal sealed record RecordingSnapshot
{
    /// <summary>Elapsed time at the last tick.</summary>
    public required long SampleCount { get; init; }

    /// <summary>In order of first appearance.</summary>
    public required ImmutableArray<TrackSnapshot> Tracks { get; init; }

    /// <summary>Finished gaps, and those still running up to <see cref="SampleCount"/>.</summary>
    public required ImmutableArray<RecordingGap> Gaps { get; init; }

    /// <summary>Gaps that came after the list was full; they are still silence in the audio.</summary>
    public required long UnlistedGaps { get; init; }

    public required ImmutableArray<RecordingNote> Notes { get; init; }

    /// <summary>Where end-to-end encryption was switched off in a call that had it.</summary>
    public ImmutableArray<SampleStretch> Unencrypted { get; init; } = [];

    public required bool Paused { get; init; }

    /// <summary>Why nothing can be written at present, or null.</summary>
    public required string? SpoolProblem { get; init; }

    /// <summary>Frames that found the ring full.</summary>
    public required long RingDropped { get; init; }

    /// <summary>Frames of people who do not want to be recorded.</summary>
    public long Refused { get; init; }

    /// <summary>Orders that found no room: their giver was told.</summary>
    public long CommandsRefused { get; init; }

    /// <summary>People who spoke when every track was taken; what they said is in the gaps.</summary>
    public int TracklessSpeakers { get; init; }
}
