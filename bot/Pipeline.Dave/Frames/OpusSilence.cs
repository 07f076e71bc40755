namespace Pipeline.Dave.Frames;

/// <summary>
/// The Opus frame that ends a talk spurt. The SFU may make it up for a muted sender, so it is the one frame that is allowed
/// to travel unencrypted at any time (DAVE protocol, "Silence Packets").
/// </summary>
public static class OpusSilence
{
    /// <summary>F8 FF FE: CELT fullband, stereo flag clear, 20 ms.</summary>
    public static ReadOnlySpan<byte> Frame => [0xF8, 0xFF, 0xFE];

    public static bool Is(ReadOnlySpan<byte> frame) => frame.SequenceEqual(Frame);
}
