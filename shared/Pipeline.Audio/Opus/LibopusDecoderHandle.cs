using Microsoft.Win32.SafeHandles;

namespace Pipeline.Audio.Opus;

/// <summary>Owns one decoder state of libopus (27 KB for two channels, 18 KB for one).</summary>
internal sealed class LibopusDecoderHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private LibopusDecoderHandle(nint decoder)
        : base(ownsHandle: true) => SetHandle(decoder);

    public static LibopusDecoderHandle Create(int channels)
    {
        nint decoder = OpusNative.opus_decoder_create(OpusPacket.SampleRate, channels, out int error);
        if (error != OpusNative.Ok) throw new InvalidOperationException($"opus_decoder_create failed with {error} for {channels} channels");
        return new LibopusDecoderHandle(decoder);
    }

    protected override bool ReleaseHandle()
    {
        OpusNative.opus_decoder_destroy(handle);
        return true;
    }
}
