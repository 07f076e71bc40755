using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>What is known of a packet beside its Opus bytes. Counters are unwrapped.</summary>
internal struct Packet
{
    public long Sequence;

    /// <summary>RTP time, samples.</summary>
    public long Timestamp;

    /// <summary>Samples at 48 kHz since the start of the recording, by our clock.</summary>
    public double Arrival;

    public AudioFrameKind Kind;
    public int Length;
}
