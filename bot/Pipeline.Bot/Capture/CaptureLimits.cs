using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary><see cref="CaptureOptions"/> in samples per channel at 48 kHz.</summary>
internal sealed class CaptureLimits(CaptureOptions options)
{
    // A frame that waited for its key may come 2 s after its datagram.
    private static readonly TimeSpan HeldFrames = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Delivery = TimeSpan.FromMilliseconds(300);

    public long SilenceThreshold { get; } = SampleClock.ToSamples(options.SilenceThreshold);
    public long MinimumSegment { get; } = SampleClock.ToSamples(options.MinimumSegmentDuration);

    /// <summary>By duration or by size, whichever is reached first.</summary>
    public long MaximumSegment { get; } = Math.Min(
        SampleClock.ToSamples(options.MaximumSegmentDuration),
        (options.MaximumSegmentBytes - WavFormat.HeaderSize) / (options.Channels * WavFormat.BytesPerValue));

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

    /// <summary>Frames under the VAD's threshold that cut a segment, in samples; 0 without VAD.</summary>
    public long VadSilence { get; } = options.VadRmsThreshold == 0 ? 0 : options.VadSilenceChunks * 960L;
}
