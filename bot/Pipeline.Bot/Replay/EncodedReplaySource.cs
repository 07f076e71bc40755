using Pipeline.Audio.Opus;

namespace Pipeline.Bot.Replay;

/// <summary>
/// Sound encoded to packets of 20 ms, at a bitrate at which nobody hears a difference. Each packet says where its samples lie, the
/// encoder's look-ahead taken off; over a hole or a pause of the file the positions leap.
/// </summary>
internal sealed class EncodedReplaySource : IReplaySource
{
    private const int FrameSamples = 960;
    private const int BitrateOfOneChannel = 128_000;

    // A shorter hole is silence within a run: a run has to be ended by up to two frames.
    private const int LongestBridged = 2 * FrameSamples;

    private readonly IPcmInput input;
    private readonly IOpusEncoder encoder;
    private readonly short[] frame;
    private ReadOnlyMemory<short> stretch; // what is left of it
    private long stretchPosition;
    private long missing; // before the stretch
    private long framePosition; // of the frame's first sample
    private int filled; // samples of the frame
    private bool isRunning; // sound is encoded without a break
    private int owed; // samples of the run that the encoder has not given yet
    private long pendingMissing; // before the next packet
    private bool hasEnded;

    public EncodedReplaySource(IPcmInput input, OpusCodecs codecs)
    {
        this.input = input;
        encoder = codecs.CreateEncoder(new OpusEncoderOptions
        {
            Channels = input.Channels,
            Bitrate = BitrateOfOneChannel * input.Channels,
            Complexity = 5,
        });
        frame = new short[FrameSamples * input.Channels];
    }

    public bool TryRead(out ReplayPacket packet)
    {
        packet = default;
        while (HasMore())
        {
            if (!isRunning) BeginRun();
            long hole = hasEnded ? long.MaxValue : stretchPosition - framePosition - filled;
            if (hole > LongestBridged) PadEnd();
            else if (hole > 0) Pad((int)Math.Min(hole, FrameSamples - filled));
            else Fill((int)-hole);
            if (filled < FrameSamples) continue;
            packet = Encode();
            return true;
        }
        return false;
    }

    public void Dispose()
    {
        encoder.Dispose();
        input.Dispose();
    }

    private bool HasMore()
    {
        while (stretch.IsEmpty && !hasEnded)
        {
            if (input.TryRead(out PcmStretch next)) (stretch, stretchPosition, missing) = (next.Pcm, next.Position, next.Missing);
            else hasEnded = true;
        }
        return !hasEnded || isRunning;
    }

    private void BeginRun() =>
        (isRunning, framePosition, filled, owed, pendingMissing) = (true, stretchPosition, 0, encoder.LookAhead, missing);

    private void Fill(int overlap)
    {
        int channels = input.Channels;
        int skipped = Math.Min(overlap, stretch.Length / channels);
        int samples = Math.Min(FrameSamples - filled, (stretch.Length / channels) - skipped);
        stretch.Span.Slice(skipped * channels, samples * channels).CopyTo(frame.AsSpan(filled * channels));
        stretch = stretch[((skipped + samples) * channels)..];
        stretchPosition += skipped + samples;
        filled += samples;
        owed = encoder.LookAhead;
    }

    private void Pad(int samples)
    {
        frame.AsSpan(filled * input.Channels, samples * input.Channels).Clear();
        filled += samples;
    }

    // What the encoder still holds comes out with silence behind it.
    private void PadEnd()
    {
        owed -= FrameSamples - filled;
        isRunning = owed > 0;
        Pad(FrameSamples - filled);
    }

    private ReplayPacket Encode()
    {
        ReplayPacket packet = new()
        {
            Opus = encoder.Encode(frame),
            Samples = FrameSamples,
            Position = framePosition - encoder.LookAhead,
            Missing = pendingMissing,
        };
        (framePosition, filled, pendingMissing) = (framePosition + FrameSamples, 0, 0);
        return packet;
    }
}
