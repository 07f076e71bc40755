using Pipeline.Audio.Flac;
using Pipeline.Audio.Mp3;
using Pipeline.Audio.Ogg;
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

    /// <summary>
    /// Changes whenever a file that was asked for may have got another content: segments of a running recording move without a change
    /// of the catalogue's row.
    /// </summary>
    public string? VersionOf(FileEntry file)
    {
        if (IsFinal || file.Cut is not { } cut) return Version;
        using InputHash hash = new();
        foreach (RenderTrack track in file.Track is { } own ? [own] : Tracks)
        {
            foreach (RenderSegment segment in track.Between(cut.From - RenderWindows.Samples, cut.To + RenderWindows.Samples))
                hash.Add(track.UserId, segment.Index);
        }
        return $"{Version} {hash.Finish()}";
    }

    /// <summary>Windows that can be rendered: all of a finished recording, those that are surely over of a live one.</summary>
    public required int WindowCount { get; init; }

    /// <summary>Windows were spoken beyond these, and what is missing of them is on its way.</summary>
    public bool AwaitsMore { get; init; }

    /// <summary>Up to here nothing comes any more but what is late.</summary>
    public long SettledSamples => IsFinal ? TotalSamples : RenderWindows.Start(WindowCount);

    /// <summary>Samples of a window; the last of a finished recording is short.</summary>
    public int WindowSamples(int window) => (int)Math.Min(RenderWindows.Samples, TotalSamples - RenderWindows.Start(window));

    public bool IsLast(int window) => IsFinal && window == WindowCount - 1;

    /// <summary>Samples of a finished recording: of what was said, or of the call, which is told in milliseconds.</summary>
    /// <param name="end">Of the last segment.</param>
    public static long LengthOf(long end, RecordingDetails details) =>
        Math.Max(end, (details.Duration ?? 0) * (SampleClock.SamplesPerSecond / 1000));
}

/// <summary>One person's audio.</summary>
internal sealed record RenderTrack
{
    // How far each segment and those before it reach.
    private readonly long[] reached = [];

    public required ulong UserId { get; init; }
    public required string Username { get; init; }

    /// <summary>Counts from 1, by who spoke first.</summary>
    public required int Number { get; init; }

    /// <summary>1 or 2.</summary>
    public required int Channels { get; init; }

    /// <summary>By start.</summary>
    public required IReadOnlyList<RenderSegment> Segments
    {
        get;
        init
        {
            (field, reached) = (value, Reached(value));
            IsJoined = value.All(segment => segment.Format == SegmentFormat.Opus)
                && !Enumerable.Range(1, Math.Max(0, value.Count - 1)).Any(at => value[at].Start < reached[at - 1] - OggOpusJoin.MostLate);
        }
    }

    /// <summary>
    /// All segments are Opus: its Opus file is made of their packets. Where one is WAV, all of it is encoded: a decoder that comes from
    /// other packets in the midst of talk would be heard. So too where segments overlap by more than a sender's clock is off: of packets,
    /// none can be cut to what is heard of it.
    /// </summary>
    public bool IsJoined { get; private init; }

    /// <summary>Those with a sample in [start, end).</summary>
    public IEnumerable<RenderSegment> Between(long start, long end)
    {
        // Those before the first one that reaches further than the start end before it. Of a day there are thousands, and each window asks.
        int first = Array.BinarySearch(reached, start);
        for (int at = first < 0 ? ~first : first; at < Segments.Count && Segments[at].Start < end; at++)
        {
            if (Segments[at].Start + Segments[at].Count > start) yield return Segments[at];
        }
    }

    private static long[] Reached(IReadOnlyList<RenderSegment> segments)
    {
        long[] ends = new long[segments.Count];
        for (int at = 0; at < ends.Length; at++)
            ends[at] = Math.Max(at == 0 ? 0 : ends[at - 1], segments[at].Start + segments[at].Count);
        return ends;
    }
}

/// <summary>One file of a track. Positions in samples at 48 kHz since the start of the recording.</summary>
internal sealed record RenderSegment(int Index, long Start, long Count, int Channels, long FileSize, Uri Address)
{
    /// <summary>Its samples were told; else its length comes from milliseconds, and the file may be a little shorter.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>Its name says it: this API made that.</summary>
    public SegmentFormat Format { get; } = SegmentFormats.OfName(Address.AbsolutePath);
}

/// <summary>
/// A recording is rendered minute by minute. A minute is a whole number of frames of every format, so the bytes of windows that were
/// made apart are joined to one file.
/// </summary>
internal static class RenderWindows
{
    /// <summary>60 s: 625 FLAC frames, 3000 Opus packets, 2500 MP3 frames.</summary>
    public const int Samples = 60 * SampleClock.SamplesPerSecond;

    /// <summary>
    /// Sound before a window that encoders and limiter hear first: a second, in whole Opus packets, and more than the MP3 encoder wants.
    /// </summary>
    public const int PreRoll = 50 * OggOpusWindow.FrameSamples;

    /// <summary>
    /// Behind sound that ended less than so many samples before it, a window is not silent: its encoders still hold the end of that. The
    /// MP3 encoder holds 2,500 samples, and the longest packet of a joined file has 5,760.
    /// </summary>
    public const int Tail = OggOpusWindow.TailSamples;

    public const int FlacFrames = Samples / FlacEncoder.BlockSize;
    public const int Mp3Frames = Samples / Mp3Encoder.FrameSamples;

    /// <summary>Goes into every hash of inputs: a change of how windows are made renders them again.</summary>
    public const string EncoderVersion = "1";

    /// <summary>The same for what is joined of packets.</summary>
    public const string JoinVersion = "joined-1";

    /// <summary>The first of two windows that share the blocks of small formats.</summary>
    public static bool BeginsPair(int window) => window % 2 == 0;

    public static long Start(int window) => (long)window * Samples;

    /// <summary>Windows that so many samples take; the last may be short.</summary>
    public static int Count(long samples) => (int)((samples + Samples - 1) / Samples);
}
