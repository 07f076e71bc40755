using Pipeline.Audio.Opus;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>What all tracks of one recording share. Used on the tick's thread only, but for what says otherwise.</summary>
internal sealed class RecordingContext
{
    private readonly long startTimestamp;
    private readonly double samplesPerTimestamp;

    public RecordingContext(SessionInfo session, CaptureOptions options, string folder, TimeProvider time, long startTimestamp)
    {
        (Session, Options, Folder, this.startTimestamp) = (session, options, folder, startTimestamp);
        samplesPerTimestamp = (double)SampleClock.SamplesPerSecond / time.TimestampFrequency;
        Limits = new CaptureLimits(options);
        Codecs = OpusCodecs.Choose(options.Opus);
        Scratch = new short[(OpusPacket.MaximumSamples + 1) * options.Channels];
    }

    public SessionInfo Session { get; }
    public CaptureOptions Options { get; }
    public CaptureLimits Limits { get; }
    public OpusCodecs Codecs { get; }

    /// <summary>The recording's folder in the spool.</summary>
    public string Folder { get; }

    public SpoolState Spool { get; } = new();
    public GapLog Gaps { get; } = new();

    /// <summary><c>[5761, channels]</c>: one decoded frame, and one sample more for a slip.</summary>
    public short[] Scratch { get; }

    public Action<ClosedSegment>? SegmentClosed { get; set; }

    /// <summary>A user has opted out: its segments below an index go.</summary>
    public Action<ulong, int>? Refused { get; set; }

    /// <summary>Position of a moment, samples since the start of the recording. Any thread.</summary>
    public double Position(long timestamp) => (timestamp - startTimestamp) * samplesPerTimestamp;
}
