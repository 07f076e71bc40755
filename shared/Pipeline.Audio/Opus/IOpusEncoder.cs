namespace Pipeline.Audio.Opus;

/// <summary>Encodes s16 samples at 48 kHz, interleaved, to one stream of Opus packets. Not for two threads at once.</summary>
public interface IOpusEncoder : IDisposable
{
    /// <summary>1 or 2.</summary>
    int Channels { get; }

    /// <summary>Samples per channel by which decoded audio lies behind what was encoded: the pre-skip of a file (RFC 7845 §4.2).</summary>
    int LookAhead { get; }

    /// <param name="pcm"><c>[samples, channels]</c> of one frame: 120, 240, 480, 960, 1920 or 2880 samples.</param>
    /// <returns>The packet; valid until the next call.</returns>
    ReadOnlySpan<byte> Encode(scoped ReadOnlySpan<short> pcm);
}

/// <summary>How to encode.</summary>
public sealed record OpusEncoderOptions
{
    /// <summary>1 or 2.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Bits per second, 6,000 to 510,000.</summary>
    public int Bitrate { get; init; } = 64_000;

    /// <summary>Tuned for speech (SILK and hybrid, the modes that carry in-band redundancy) instead of anything that sounds.</summary>
    public bool Speech { get; init; }

    /// <summary>0 to 100; over 0: in-band redundancy for so much loss.</summary>
    public int ExpectedLossPercent { get; init; }

    /// <summary>0 (fast) to 10 (best).</summary>
    public int Complexity { get; init; } = 10;
}
