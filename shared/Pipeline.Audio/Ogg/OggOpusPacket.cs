namespace Pipeline.Audio.Ogg;

/// <summary>
/// One audio packet of an Ogg Opus file. Its bytes stay valid until the next one is read. Samples are per channel at 48 kHz.
/// </summary>
public readonly ref struct OggOpusPacket
{
    /// <summary>One Opus packet (RFC 6716 §3).</summary>
    public required ReadOnlySpan<byte> Opus { get; init; }

    /// <summary>Samples in it.</summary>
    public required int Samples { get; init; }

    /// <summary>
    /// Where its first sample lies, counted from the file's first audible one; negative in the pre-skip of the first stream. Leaps where
    /// the file leaps: over a pause that was not stored, and over what is damaged.
    /// </summary>
    public required long Position { get; init; }

    /// <summary>Samples at its start that are not part of the audio: the decoder warms up on them (RFC 7845 §4.2).</summary>
    public required int StartTrim { get; init; }

    /// <summary>Samples at its end that are not part of the audio (RFC 7845 §4.4); 0 but at the end of a stream.</summary>
    public required int EndTrim { get; init; }

    /// <summary>Samples directly before it that the file has lost by damage.</summary>
    public required long Missing { get; init; }

    /// <summary>It is the first of a stream: nothing that was decoded before it counts.</summary>
    public required bool BeginsStream { get; init; }
}
