using Pipeline.Discord.Media;

namespace Pipeline.Discord.Tests.Media;

/// <summary>A frame's contents, copied out of the ring.</summary>
internal sealed record ReadFrame(AudioFrameKind Kind, ulong UserId, uint Ssrc, ushort SequenceNumber, uint Timestamp, long ReceivedAt,
    byte[] Opus)
{
    /// <summary>Everything that is in the ring now.</summary>
    public static List<ReadFrame> DrainAll(AudioFrameRing ring)
    {
        List<ReadFrame> frames = [];
        while (ring.TryRead(out AudioFrame frame))
        {
            frames.Add(new ReadFrame(frame.Kind, frame.UserId, frame.Ssrc, frame.SequenceNumber, frame.Timestamp, frame.ReceivedAt,
                frame.Opus.ToArray()));
            ring.Release();
        }
        return frames;
    }
}
