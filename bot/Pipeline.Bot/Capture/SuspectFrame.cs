using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// A frame whose sequence number has jumped: whether its source began again, or one packet lied, shows with the next one
/// (RFC 3550 A.1). Kept until then.
/// </summary>
internal sealed class SuspectFrame
{
    // The two may have overtaken each other.
    private const int Near = 3;

    private byte[] bytes = [];
    private int length;
    private AudioFrameKind kind;
    private ulong userId;
    private uint ssrc;
    private ushort sequence;
    private uint timestamp;
    private long receivedAt;

    public bool IsHeld { get; private set; }

    /// <summary>Samples since the start of the recording.</summary>
    public double Arrival { get; private set; }

    public AudioFrame Frame => new()
    {
        Kind = kind,
        UserId = userId,
        Ssrc = ssrc,
        SequenceNumber = sequence,
        Timestamp = timestamp,
        ReceivedAt = receivedAt,
        Opus = bytes.AsSpan(0, length),
    };

    public bool IsProvenBy(in AudioFrame next) =>
        IsHeld && next.Ssrc == ssrc && (short)(next.SequenceNumber - sequence) is not 0 and >= -Near and <= Near;

    public void Hold(in AudioFrame frame, double arrival)
    {
        if (bytes.Length < frame.Opus.Length) bytes = new byte[Math.Max(ReorderBuffer.LongestPacket, frame.Opus.Length)];
        frame.Opus.CopyTo(bytes);
        (length, kind, userId, ssrc) = (frame.Opus.Length, frame.Kind, frame.UserId, frame.Ssrc);
        (sequence, timestamp, receivedAt) = (frame.SequenceNumber, frame.Timestamp, frame.ReceivedAt);
        (Arrival, IsHeld) = (arrival, true);
    }

    public void Clear() => IsHeld = false;
}
