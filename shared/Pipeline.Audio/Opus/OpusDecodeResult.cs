namespace Pipeline.Audio.Opus;

/// <summary>How a decoder call ended.</summary>
public enum OpusDecodeResult
{
    Decoded = 0,

    /// <summary>The bytes are no Opus packet (RFC 6716 §3.4). Decoder state and output are as before the call.</summary>
    Corrupt = 1,

    /// <summary>The packet holds more samples than the destination takes. Decoder state and output are as before the call.</summary>
    TooLong = 2,
}
