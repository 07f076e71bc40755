using Concentus;
using Concentus.Enums;

namespace Pipeline.Audio.Opus;

/// <summary>The only place that makes codecs of Concentus.</summary>
internal static class ManagedOpus
{
    public static readonly string Name = $"Concentus {typeof(OpusCodecFactory).Assembly.GetName().Version?.ToString(3)} (managed)";

    // Its loader looks for a libopus of its own, and deletes and copies library files in the program's folder.
    static ManagedOpus() => OpusCodecFactory.AttemptToUseNativeLibrary = false;

    public static Concentus.IOpusDecoder CreateDecoder(int channels) => OpusCodecFactory.CreateDecoder(OpusPacket.SampleRate, channels);

    public static Concentus.IOpusEncoder CreateEncoder(int channels, bool speech) => OpusCodecFactory.CreateEncoder(
        OpusPacket.SampleRate, channels, speech ? OpusApplication.OPUS_APPLICATION_VOIP : OpusApplication.OPUS_APPLICATION_AUDIO);
}
