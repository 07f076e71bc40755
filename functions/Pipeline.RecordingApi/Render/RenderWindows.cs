using Pipeline.Audio.Flac;
using Pipeline.Audio.Mp3;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Render;

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

    public const int FlacFrames = Samples / FlacEncoder.BlockSize;
    public const int Mp3Frames = Samples / Mp3Encoder.FrameSamples;

    /// <summary>Goes into every hash of inputs: a change of how windows are made renders them again.</summary>
    public const string EncoderVersion = "1";

    /// <summary>The same for what is joined of packets.</summary>
    public const string JoinVersion = "joined-1";

    public static long Start(int window) => (long)window * Samples;

    /// <summary>Windows that so many samples take; the last may be short.</summary>
    public static int Count(long samples) => (int)((samples + Samples - 1) / Samples);
}
