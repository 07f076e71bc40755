namespace Pipeline.Audio.Opus;

/// <summary>
/// Decodes one stream of Opus packets to s16 samples at 48 kHz, interleaved, with the number of channels chosen when it was made
/// (mono packets are doubled, stereo ones mixed as needed). Not for two threads at once.
/// </summary>
public interface IOpusDecoder : IDisposable
{
    /// <summary>1 or 2.</summary>
    int Channels { get; }

    /// <summary>Decodes the next packet of the stream.</summary>
    /// <param name="packet">One Opus packet of 2.5 to 120 ms (RFC 6716 §3).</param>
    /// <param name="pcm"><c>[samples, channels]</c>; <see cref="OpusPacket.MaximumSamples"/> times channels always suffice.</param>
    /// <param name="samples">Samples per channel that were written.</param>
    OpusDecodeResult Decode(ReadOnlySpan<byte> packet, Span<short> pcm, out int samples);

    /// <summary>
    /// Makes up for lost samples directly before <paramref name="next"/>: by its in-band redundancy (RFC 6716 §2.1.7) where it
    /// has some, else by concealment. <paramref name="next"/> itself is decoded by the call after this one.
    /// </summary>
    /// <param name="samples">Samples per channel to make, a multiple of 120 (2.5 ms).</param>
    OpusDecodeResult Recover(ReadOnlySpan<byte> next, Span<short> pcm, int samples);

    /// <summary>Makes up lost samples from what was heard before them (RFC 6716 §4.4).</summary>
    /// <param name="samples">Samples per channel to make, a multiple of 120 (2.5 ms).</param>
    void Conceal(Span<short> pcm, int samples);

    /// <summary>Forgets everything heard, as for a new stream.</summary>
    void Reset();
}
