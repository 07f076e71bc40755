using System.Runtime.CompilerServices;

namespace Pipeline.Audio.Opus;

/// <summary>
/// Decodes one stream of Opus packets to s16 samples at 48 kHz, interleaved, with the number of channels chosen here
/// (libopus mixes or doubles as needed). Gives the very samples of opus_decode, whose last steps (soft clipping where something
/// clips, rounding) are done here at a fraction of their cost. Not for two threads at once. Allocates nothing per call.
/// </summary>
public sealed unsafe class OpusDecoder : IDisposable
{
    private readonly OpusDecoderHandle handle;
    private SoftClipMemory clipped;

    /// <param name="channels">1 or 2.</param>
    /// <exception cref="OpusLibraryMissingException">libopus is not installed.</exception>
    public OpusDecoder(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 2);
        Channels = channels;
        handle = OpusDecoderHandle.Create(channels);
    }

    public int Channels { get; }

    /// <summary>Decodes the next packet of the stream.</summary>
    /// <param name="packet">One Opus packet of 2.5 to 120 ms (RFC 6716 §3).</param>
    /// <param name="pcm"><c>[samples, channels]</c>; <see cref="OpusPacket.MaximumSamples"/> times channels always suffice.</param>
    /// <param name="samples">Samples per channel that were written.</param>
    public OpusDecodeResult Decode(ReadOnlySpan<byte> packet, Span<short> pcm, out int samples)
    {
        samples = 0;
        // libopus conceals a loss when it gets no bytes; an empty packet is no packet (RFC 6716 §3.1).
        if (!OpusPacket.TryGetDuration(packet, out int duration)) return OpusDecodeResult.Corrupt;
        return duration * Channels > pcm.Length ? OpusDecodeResult.TooLong : Call(packet, pcm, duration, decodeFec: 0, out samples);
    }

    /// <summary>
    /// Makes up for lost samples directly before <paramref name="next"/>: by its in-band redundancy (RFC 6716 §2.1.7) where it
    /// has some, else by concealment. <paramref name="next"/> itself is decoded by the call after this one.
    /// </summary>
    /// <param name="samples">Samples per channel to make, a multiple of 120 (2.5 ms).</param>
    public OpusDecodeResult Recover(ReadOnlySpan<byte> next, Span<short> pcm, int samples)
    {
        CheckLength(pcm, samples);
        return OpusPacket.TryGetDuration(next, out _) ? Call(next, pcm, samples, decodeFec: 1, out _) : OpusDecodeResult.Corrupt;
    }

    /// <summary>Makes up lost samples from what was heard before them (RFC 6716 §4.4).</summary>
    /// <param name="samples">Samples per channel to make, a multiple of 120 (2.5 ms).</param>
    public void Conceal(Span<short> pcm, int samples)
    {
        CheckLength(pcm, samples);
        OpusDecodeResult result = Call([], pcm, samples, decodeFec: 0, out _);
        if (result != OpusDecodeResult.Decoded) throw new InvalidOperationException($"libopus could not conceal {samples} samples");
    }

    /// <summary>Forgets everything heard, as for a new stream.</summary>
    public void Reset()
    {
        clipped = default;
        int status = OpusNative.opus_decoder_ctl(handle, OpusNative.ResetState);
        if (status != OpusNative.Ok) throw new InvalidOperationException($"OPUS_RESET_STATE failed with {status}");
    }

    public void Dispose() => handle.Dispose();

    [SkipLocalsInit]
    private OpusDecodeResult Call(ReadOnlySpan<byte> packet, Span<short> pcm, int frameSize, int decodeFec, out int samples)
    {
        float* output = stackalloc float[frameSize * Channels]; // 46 KB for 120 ms; libopus takes the same for itself
        int status;
        fixed (byte* data = packet) status = OpusNative.opus_decode_float(handle, data, packet.Length, output, frameSize, decodeFec);
        samples = Math.Max(status, 0);
        switch (status)
        {
            case >= 0:
                Convert(output, samples, pcm, mayClip: !packet.IsEmpty && decodeFec == 0);
                return OpusDecodeResult.Decoded;
            case OpusNative.InvalidPacket or OpusNative.InternalError or OpusNative.BufferTooSmall:
                return OpusDecodeResult.Corrupt;
            default:
                throw new InvalidOperationException($"opus_decode_float failed with {status}");
        }
    }

    // opus_decoder.c: what is made up for a loss is not clipped softly.
    private void Convert(float* output, int samples, Span<short> pcm, bool mayClip)
    {
        ReadOnlySpan<float> decoded = new(output, samples * Channels);
        bool goesOn = mayClip && !clipped.IsZero;
        if (!goesOn && (FloatSamples.ToInt16(decoded, pcm) <= 1 || !mayClip)) return;
        fixed (SoftClipMemory* memory = &clipped) OpusNative.opus_pcm_soft_clip(output, samples, Channels, &memory->Left);
        FloatSamples.ToInt16(decoded, pcm);
    }

    private void CheckLength(Span<short> pcm, int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        if (samples % OpusPacket.ShortestFrame != 0) throw new ArgumentOutOfRangeException(nameof(samples), samples, "must be a multiple of 2.5 ms (120 samples)");
        if (samples * Channels > pcm.Length) throw new ArgumentException($"{pcm.Length} values do not hold {samples} samples of {Channels} channels", nameof(pcm));
    }

    /// <summary><c>[channels]</c>, as opus_pcm_soft_clip wants it.</summary>
    private struct SoftClipMemory
    {
        public float Left;
        public float Right;

        public readonly bool IsZero => Left == 0 && Right == 0;
    }
}
