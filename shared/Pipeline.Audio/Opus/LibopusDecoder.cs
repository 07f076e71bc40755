using System.Runtime.CompilerServices;

namespace Pipeline.Audio.Opus;

/// <summary>
/// The decoder of the installed libopus. Gives the very samples of opus_decode, whose last steps (soft clipping where something
/// clips, rounding) are done here at a fraction of their cost. Allocates nothing per call.
/// </summary>
public sealed unsafe class LibopusDecoder : IOpusDecoder
{
    private readonly LibopusDecoderHandle handle;
    private SoftClipMemory clipped;

    /// <param name="channels">1 or 2.</param>
    /// <exception cref="OpusLibraryMissingException">libopus is not installed.</exception>
    public LibopusDecoder(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 2);
        Channels = channels;
        handle = LibopusDecoderHandle.Create(channels);
    }

    public int Channels { get; }

    public OpusDecodeResult Decode(ReadOnlySpan<byte> packet, Span<short> pcm, out int samples)
    {
        samples = 0;
        // libopus conceals a loss when it gets no bytes; an empty packet is no packet (RFC 6716 §3.1).
        if (!OpusPacket.TryGetDuration(packet, out int duration)) return OpusDecodeResult.Corrupt;
        return duration * Channels > pcm.Length ? OpusDecodeResult.TooLong : Call(packet, pcm, duration, decodeFec: 0, out samples);
    }

    public OpusDecodeResult Recover(ReadOnlySpan<byte> next, Span<short> pcm, int samples)
    {
        OpusPacket.CheckMadeLength(pcm, samples, Channels);
        return OpusPacket.TryGetDuration(next, out _) ? Call(next, pcm, samples, decodeFec: 1, out _) : OpusDecodeResult.Corrupt;
    }

    public void Conceal(Span<short> pcm, int samples)
    {
        OpusPacket.CheckMadeLength(pcm, samples, Channels);
        OpusDecodeResult result = Call([], pcm, samples, decodeFec: 0, out _);
        if (result != OpusDecodeResult.Decoded) throw new InvalidOperationException($"libopus could not conceal {samples} samples");
    }

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

    /// <summary><c>[channels]</c>, as opus_pcm_soft_clip wants it.</summary>
    private struct SoftClipMemory
    {
        public float Left;
        public float Right;

        public readonly bool IsZero => Left == 0 && Right == 0;
    }
}
