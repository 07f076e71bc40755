using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// Packets that stand for time of which no packet came (RFC 7845 §4.1): frames of no bytes, which a decoder makes up from what it heard
/// before them, and frames of silence. Both as code 3 with a constant length (RFC 6716 §3.2.5), which no encoder writes for a frame of
/// nothing: so what was lost can be told from what a sender left out by itself.
/// </summary>
public static class OpusFiller
{
    /// <summary>CELT, full band, 2.5 ms, mono, code 3.</summary>
    private const byte ShortFrames = 0xE3;

    private const byte StereoBit = 4;
    private const byte Code3 = 3;

    /// <summary>120 ms of silence: six frames of 20 ms, mono.</summary>
    public static ReadOnlySpan<byte> LongSilence =>
        [0xFB, 6, 0xFF, 0xFE, 0xFF, 0xFE, 0xFF, 0xFE, 0xFF, 0xFE, 0xFF, 0xFE, 0xFF, 0xFE];

    /// <summary>Bytes of the longest packet that is written here.</summary>
    public const int LongestPacket = 2 + (2 * 7);

    /// <summary>A packet that <see cref="WriteLoss"/> wrote.</summary>
    public static bool IsLoss(ReadOnlySpan<byte> packet) => packet.Length == 2 && (packet[0] & 3) == Code3 && (packet[1] & 0xC0) == 0;

    /// <summary>One packet of frames to be made up, of the kind that the packet before it had.</summary>
    /// <param name="toc">First byte of the packet before.</param>
    /// <param name="frames">So many frames of that kind; at most 120 ms.</param>
    /// <returns>Bytes that were written.</returns>
    public static int WriteLoss(Span<byte> packet, byte toc, int frames)
    {
        (packet[0], packet[1]) = ((byte)(toc | Code3), (byte)frames);
        return 2;
    }

    /// <summary><see cref="WriteLoss"/> in frames of 2.5 ms.</summary>
    public static int WriteShortLoss(Span<byte> packet, byte toc, int frames) =>
        WriteLoss(packet, (byte)(ShortFrames | (toc & StereoBit)), frames);

    /// <summary>One packet of silence.</summary>
    /// <param name="frames">Of 2.5 ms, 1 to 7.</param>
    public static int WriteShortSilence(Span<byte> packet, int frames)
    {
        (packet[0], packet[1]) = (ShortFrames, (byte)frames);
        for (int i = 0; i < frames; i++) OpusPacket.SilenceMarker[1..].CopyTo(packet[(2 + (2 * i))..]);
        return 2 + (2 * frames);
    }
}
