using Microsoft.Win32.SafeHandles;

namespace Pipeline.Audio.Opus;

/// <summary>The encoder of the installed libopus. Allocates nothing per call.</summary>
public sealed unsafe class LibopusEncoder : IOpusEncoder
{
    private readonly LibopusEncoderHandle handle;
    private readonly byte[] packet = new byte[OpusPacket.MaximumBytes];

    /// <exception cref="OpusLibraryMissingException">libopus is not installed.</exception>
    public LibopusEncoder(OpusEncoderOptions options)
    {
        Channels = options.Channels;
        handle = LibopusEncoderHandle.Create(options);
        Set(OpusNative.SetBitrate, options.Bitrate);
        Set(OpusNative.SetComplexity, options.Complexity);
        Set(OpusNative.SetInbandFec, options.ExpectedLossPercent > 0 ? 1 : 0);
        Set(OpusNative.SetPacketLossPercent, options.ExpectedLossPercent);
        int status = OpusNative.Get(handle, OpusNative.GetLookahead, out int lookAhead);
        LookAhead = status == OpusNative.Ok ? lookAhead : throw new InvalidOperationException($"OPUS_GET_LOOKAHEAD failed with {status}");
    }

    public int Channels { get; }
    public int LookAhead { get; }

    public ReadOnlySpan<byte> Encode(scoped ReadOnlySpan<short> pcm)
    {
        int length;
        fixed (short* input = pcm)
        fixed (byte* output = packet) length = OpusNative.opus_encode(handle, input, pcm.Length / Channels, output, packet.Length);
        return length > 0 ? packet.AsSpan(0, length)
            : throw new ArgumentException($"opus_encode failed with {length} for {pcm.Length / Channels} samples", nameof(pcm));
    }

    public void Dispose() => handle.Dispose();

    private void Set(int request, int value)
    {
        int status = OpusNative.Set(handle, request, value);
        if (status != OpusNative.Ok) throw new ArgumentException($"opus_encoder_ctl {request} failed with {status} for {value}");
    }
}

/// <summary>Owns one encoder state of libopus.</summary>
internal sealed class LibopusEncoderHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private LibopusEncoderHandle(nint encoder)
        : base(ownsHandle: true) => SetHandle(encoder);

    public static LibopusEncoderHandle Create(OpusEncoderOptions options)
    {
        int application = options.Speech ? OpusNative.ApplicationVoip : OpusNative.ApplicationAudio;
        nint encoder = OpusNative.opus_encoder_create(OpusPacket.SampleRate, options.Channels, application, out int error);
        return error == OpusNative.Ok ? new LibopusEncoderHandle(encoder)
            : throw new ArgumentException($"opus_encoder_create failed with {error} for {options.Channels} channels");
    }

    protected override bool ReleaseHandle()
    {
        OpusNative.opus_encoder_destroy(handle);
        return true;
    }
}
