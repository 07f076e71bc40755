namespace Pipeline.Audio.Opus;

/// <summary>
/// What a packet's first bytes say without decoding it (RFC 6716 §3.1).
/// </summary>
/// <remarks>
/// <code>
///  0 1 2 3 4 5 6 7
/// +-+-+-+-+-+-+-+-+
/// | config  |s| c |   config 0-31: mode, bandwidth, frame size; s: stereo; c: 0 = one frame, 1 = two equal, 2 = two, 3 = any number
/// +-+-+-+-+-+-+-+-+
/// </code>
/// </remarks>
public static class OpusPacket
{
    public const int SampleRate = 48_000;

    /// <summary>Samples per channel of 2.5 ms, the shortest frame.</summary>
    public const int ShortestFrame = 120;

    /// <summary>Samples per channel of 120 ms, the longest packet (RFC 6716 §3.4 R5).</summary>
    public const int MaximumSamples = 5760;

    /// <summary>Bytes of the longest single frame (RFC 6716 §3.4 R2).</summary>
    private const int LongestFrame = 1275;

    /// <summary>Bytes that no encoder here goes over: 120 ms at 510 kbit/s are 7,650; one packet of 60 ms is at most half of it.</summary>
    internal const int MaximumBytes = 4000;

    /// <summary>The frame that a sender repeats five times when it stops speaking: 20 ms CELT, nothing in it.</summary>
    public static ReadOnlySpan<byte> SilenceMarker => [0xF8, 0xFF, 0xFE];

    /// <summary>The same frame in stereo.</summary>
    public static ReadOnlySpan<byte> StereoSilenceMarker => [0xFC, 0xFF, 0xFE];

    /// <summary>The whole packet is the silence marker.</summary>
    public static bool IsSilenceMarker(ReadOnlySpan<byte> packet) => packet.SequenceEqual(SilenceMarker);

    /// <summary>
    /// Nothing audible is in it: the silence marker, or a packet of at most two bytes, which is how an encoder in
    /// discontinuous transmission says that nothing happens (RFC 6716 §2.1.9).
    /// </summary>
    public static bool IsSilent(ReadOnlySpan<byte> packet) => packet.Length <= 2 || IsSilenceMarker(packet);

    /// <summary>Samples per channel at 48 kHz, 120 to 5760. False: empty, a count of zero or a length over 120 ms (R1, R5).</summary>
    public static bool TryGetDuration(ReadOnlySpan<byte> packet, out int samples)
    {
        samples = 0;
        if (packet.IsEmpty) return false;
        int frames = FrameCount(packet);
        int total = frames * FrameSamples(packet[0]);
        if (frames == 0 || total > MaximumSamples) return false;
        samples = total;
        return true;
    }

    /// <summary>
    /// The bytes are laid out as RFC 6716 §3.4 demands (R1 to R7): a decoder will take them. What is in the frames is not looked at.
    /// </summary>
    /// <param name="samples">Samples per channel at 48 kHz.</param>
    public static bool IsWellFormed(ReadOnlySpan<byte> packet, out int samples)
    {
        if (!TryGetDuration(packet, out samples)) return false;
        ReadOnlySpan<byte> frames = packet[1..];
        return (packet[0] & 3) switch
        {
            0 => frames.Length <= LongestFrame,
            1 => frames.Length % 2 == 0 && frames.Length / 2 <= LongestFrame,
            2 => TryTakeLength(ref frames, out int first) && first <= frames.Length && frames.Length - first <= LongestFrame,
            _ => AreWellFormed(frames[1..], frames[0]),
        };
    }

    /// <summary>Samples per channel of one frame inside a packet with this first byte (RFC 6716 §3.1, table 2).</summary>
    public static int FrameSamples(byte toc)
    {
        int config = toc >> 3;
        return config switch
        {
            < 12 => (config & 3) switch { 0 => 480, 1 => 960, 2 => 1920, _ => 2880 }, // SILK: 10, 20, 40, 60 ms
            < 16 => (config & 1) == 0 ? 480 : 960, // hybrid: 10, 20 ms
            _ => ShortestFrame << (config & 3), // CELT: 2.5, 5, 10, 20 ms
        };
    }

    /// <summary>What a decoder can make up: whole multiples of the shortest frame that <paramref name="pcm"/> holds.</summary>
    internal static void CheckMadeLength(ReadOnlySpan<short> pcm, int samples, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        if (samples % ShortestFrame != 0)
            throw new ArgumentOutOfRangeException(nameof(samples), samples, "must be a multiple of 2.5 ms (120 samples)");
        if (samples * channels > pcm.Length)
            throw new ArgumentException($"{pcm.Length} values do not hold {samples} samples of {channels} channels", nameof(pcm));
    }

    // RFC 6716 §3.2.5: a byte of flags and the count, then the length of the padding, the lengths of all frames but the last, the frames.
    private static bool AreWellFormed(ReadOnlySpan<byte> frames, byte flags)
    {
        if ((flags & 0x40) != 0 && !TryTakePadding(ref frames)) return false;
        int count = flags & 0x3F;
        if ((flags & 0x80) == 0) return frames.Length % count == 0 && frames.Length / count <= LongestFrame;
        int total = 0;
        for (int i = 1; i < count; i++)
        {
            if (!TryTakeLength(ref frames, out int length)) return false;
            total += length;
        }
        return total <= frames.Length && frames.Length - total <= LongestFrame;
    }

    private static bool TryTakePadding(ref ReadOnlySpan<byte> frames)
    {
        int padding = 0;
        byte length;
        do
        {
            if (frames.IsEmpty) return false;
            length = frames[0];
            frames = frames[1..];
            padding += length == 255 ? 254 : length;
        }
        while (length == 255);
        if (padding > frames.Length) return false;
        frames = frames[..^padding];
        return true;
    }

    // RFC 6716 §3.2.1: up to 251 in one byte, else in two.
    private static bool TryTakeLength(ref ReadOnlySpan<byte> frames, out int length)
    {
        length = frames.IsEmpty ? 0 : frames[0];
        int bytes = length < 252 ? 1 : 2;
        if (frames.Length < bytes) return false;
        if (bytes == 2) length += 4 * frames[1];
        frames = frames[bytes..];
        return true;
    }

    // RFC 6716 §3.2: code 3 has its frame count in the low six bits of the second byte.
    private static int FrameCount(ReadOnlySpan<byte> packet) => (packet[0] & 3) switch
    {
        0 => 1,
        1 or 2 => 2,
        _ => packet.Length < 2 ? 0 : packet[1] & 0x3F,
    };
}
