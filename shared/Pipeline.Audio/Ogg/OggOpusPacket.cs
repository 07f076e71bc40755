namespace Pipeline.Audio.Ogg;

/// <summary>One audio packet of an Ogg Opus stream. Its bytes stay valid until the next one is read.</summary>
public readonly ref struct OggOpusPacket
{
    /// <summary>One Opus packet (RFC 6716 §3).</summary>
    public required ReadOnlySpan<byte> Opus { get; init; }

    /// <summary>Samples per channel at 48 kHz in it.</summary>
    public required int Samples { get; init; }

    /// <summary>Samples per channel at its end that are not part of the audio (RFC 7845 §4.4); 0 but at the very end.</summary>
    public required int EndTrim { get; init; }
}
