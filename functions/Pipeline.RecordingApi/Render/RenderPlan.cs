using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Render;

/// <summary>What a recording is made of at one moment, as far as rendering needs it.</summary>
internal sealed record RenderPlan
{
    public required RecordingId Recording { get; init; }
    public required RecordingDetails Details { get; init; }

    /// <summary>Changes whenever the catalogue's row does.</summary>
    public required string? Version { get; init; }

    public required IReadOnlyList<RenderTrack> Tracks { get; init; }

    /// <summary>Of every file; while live, what has been heard so far.</summary>
    public required long TotalSamples { get; init; }

    /// <summary>No more audio is expected.</summary>
    public required bool IsFinal { get; init; }

    /// <summary>Windows that can be rendered: all of a finished recording, those that are surely over of a live one.</summary>
    public required int WindowCount { get; init; }

    /// <summary>Windows were spoken beyond these, and what is missing of them is on its way.</summary>
    public bool AwaitsMore { get; init; }

    /// <summary>Up to here nothing comes any more but what is late.</summary>
    public long SettledSamples => IsFinal ? TotalSamples : RenderWindows.Start(WindowCount);

    /// <summary>Samples of a window; the last of a finished recording is short.</summary>
    public int WindowSamples(int window) => (int)Math.Min(RenderWindows.Samples, TotalSamples - RenderWindows.Start(window));

    public bool IsLast(int window) => IsFinal && window == WindowCount - 1;
}

/// <summary>One person's audio.</summary>
internal sealed record RenderTrack
{
    public required ulong UserId { get; init; }
    public required string Username { get; init; }

    /// <summary>Counts from 1, by who spoke first.</summary>
    public required int Number { get; init; }

    /// <summary>1 or 2.</summary>
    public required int Channels { get; init; }

    /// <summary>By start.</summary>
    public required IReadOnlyList<RenderSegment> Segments { get; init; }

    /// <summary>
    /// All segments are Opus: its Opus file is made of their packets. Where one is WAV, all of it is encoded: a decoder that comes from
    /// other packets in the midst of talk would be heard.
    /// </summary>
    public bool IsJoined => Segments.All(segment => segment.Format == SegmentFormat.Opus);

    /// <summary>Those with a sample in [start, end).</summary>
    public IEnumerable<RenderSegment> Between(long start, long end) =>
        Segments.Where(segment => segment.Start < end && segment.Start + segment.Count > start);
}

/// <summary>One file of a track. Positions in samples at 48 kHz since the start of the recording.</summary>
internal sealed record RenderSegment(int Index, long Start, long Count, int Channels, long FileSize, Uri Address)
{
    /// <summary>Its name says it: this API made that.</summary>
    public SegmentFormat Format { get; } = SegmentFormats.OfName(Address.AbsolutePath);
}
