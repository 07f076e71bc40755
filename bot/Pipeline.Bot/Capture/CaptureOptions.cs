using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// How audio becomes segments. Every property is one setting of the environment; <c>BotOptionsReader</c> reads them.
/// </summary>
internal sealed record CaptureOptions
{
    /// <summary>RECORDING_OPUS: which decoder. Default: libopus where it is installed, else the managed one.</summary>
    public OpusChoice Opus { get; init; }

    /// <summary>RECORDING_OUTPUT_FORMAT: wav, or opus: the packets as they came, without decoding. Default wav.</summary>
    public SegmentFormat Format { get; init; }

    /// <summary>RECORDING_CHANNELS: 1 or 2 channels in every file. Default 2.</summary>
    public int Channels { get; init; } = 2;

    /// <summary>RECORDING_SILENCE_THRESHOLD: silence that closes a segment, 200 ms to 60 s. Default 2 s.</summary>
    public TimeSpan SilenceThreshold { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary>RECORDING_MIN_SEGMENT_DURATION: shorter segments are padded with silence, 0 to 10 s. Default 500 ms.</summary>
    public TimeSpan MinimumSegmentDuration { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// RECORDING_MAX_SEGMENT_DURATION: longer ones are cut, the next joins without a missing sample, 1 s to 10 min. Default 10 s.
    /// </summary>
    public TimeSpan MaximumSegmentDuration { get; init; } = TimeSpan.FromMilliseconds(10_000);

    /// <summary>RECORDING_MAX_SEGMENT_SIZE_MB: as bytes (2^20 each), 1 to 2047 MB. Default 50 MB.</summary>
    public long MaximumSegmentBytes { get; init; } = 50L << 20;

    /// <summary>
    /// RECORDING_REORDER_WINDOW: how long a missing packet is waited for, by the arrival of later ones, 0 to 400 ms. Default 100 ms.
    /// </summary>
    public TimeSpan ReorderWindow { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// RECORDING_VAD_RMS_THRESHOLD: frames whose RMS (0-32767) lies under it count as silence; 0 turns the detector off. Default 0.
    /// </summary>
    public int VadRmsThreshold { get; init; }

    /// <summary>The detector is wanted and has no samples to look at.</summary>
    public bool LacksVad => Format == SegmentFormat.Opus && VadRmsThreshold > 0;

    /// <summary>RECORDING_VAD_SILENCE_CHUNKS: so many times 20 ms under the threshold cut a segment, 1 to 3000. Default 50.</summary>
    public int VadSilenceChunks { get; init; } = 50;

    /// <summary>RECORDING_INCLUDE_BOTS: record bots too. Default false.</summary>
    public bool IncludeBots { get; init; }

    /// <summary>RECORDING_KEEP_LOCAL_AFTER_UPLOAD: leave segments in the spool after they are durable elsewhere. Default false.</summary>
    public bool KeepLocalAfterUpload { get; init; }

    /// <summary>RECORDING_MAX_DURATION: a recording ends here, 1 min to 7 days. Default 12 h.</summary>
    public TimeSpan MaximumDuration { get; init; } = TimeSpan.FromHours(12);

    /// <summary>
    /// RECORDING_MIN_FREE_DISK_MB: as bytes; with less free disk new audio becomes a gap, 0 to 1,000,000 MB. Default 256 MB.
    /// </summary>
    public long MinimumFreeDiskBytes { get; init; } = 256L << 20;

    /// <summary>
    /// RECORDING_SPOOL_LIMIT_MB: as bytes; a spool of this size turns new audio into a gap, 16 to 1,000,000 MB. Default 4096 MB.
    /// </summary>
    public long SpoolLimitBytes { get; init; } = 4096L << 20;
}

/// <summary><see cref="CaptureOptions"/> in samples per channel at 48 kHz.</summary>
internal sealed class CaptureLimits(CaptureOptions options)
{
    private const int LongestPage = 64 * 1024;

    // A frame that waited for its key may come 2 s after its datagram.
    private static readonly TimeSpan HeldFrames = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Delivery = TimeSpan.FromMilliseconds(300);

    public long SilenceThreshold { get; } = SampleClock.ToSamples(options.SilenceThreshold);
    public long MinimumSegment { get; } = SampleClock.ToSamples(options.MinimumSegmentDuration);

    /// <summary>By duration or, of a WAV, by size, whichever is reached first.</summary>
    public long MaximumSegment { get; } = Math.Min(
        SampleClock.ToSamples(options.MaximumSegmentDuration),
        options.Format == SegmentFormat.Opus ? long.MaxValue
            : (options.MaximumSegmentBytes - WavFormat.HeaderSize) / (options.Channels * WavFormat.BytesPerValue));

    /// <summary>A file of so many bytes gets no further frame: one more, and the last page, still fit.</summary>
    public long MaximumFileSize { get; } = options.Format == SegmentFormat.Opus ? options.MaximumSegmentBytes - LongestPage : long.MaxValue;

    public long ReorderWindow { get; } = SampleClock.ToSamples(options.ReorderWindow);

    /// <summary>
    /// Packets that may wait for a missing one or for a decision: as many as the shortest frames (2.5 ms) take for the longest
    /// decision and a second that comes at once behind a stall.
    /// </summary>
    public int ReorderCapacity { get; } = (int)(
        (Timeline.LongestGathering(SampleClock.ToSamples(options.ReorderWindow))
        + SampleClock.SamplesPerSecond) / OpusPacket.ShortestFrame);

    /// <summary>A track without packets for so long has nothing more to come: what waits is placed, its segment closes.</summary>
    public long LazySilence { get; } = SampleClock.ToSamples(options.SilenceThreshold + HeldFrames);

    /// <summary>
    /// A segment whose first frame came so long ago closes even when the silence in it is still short, so that no audio
    /// waits in an open file for longer than the maximum duration.
    /// </summary>
    public long LongestOpen { get; } = SampleClock.ToSamples(options.MaximumSegmentDuration + Delivery);

    /// <summary>Frames under the VAD's threshold that cut a segment, in samples; 0 without VAD, which needs decoded samples.</summary>
    public long VadSilence { get; } = options.VadRmsThreshold == 0 || options.LacksVad ? 0 : options.VadSilenceChunks * 960L;
}
