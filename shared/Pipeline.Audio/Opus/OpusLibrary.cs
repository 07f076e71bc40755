using System.Runtime.InteropServices;

namespace Pipeline.Audio.Opus;

/// <summary>The installed libopus as a whole.</summary>
public static class OpusLibrary
{
    private static readonly Lazy<bool> Found = new(() => NativeLibraries.CanLoad(NativeLibraries.Opus));

    /// <summary>It is installed where the loader looks.</summary>
    public static bool IsInstalled => Found.Value;

    /// <summary>Its own version text, for example <c>libopus 1.3.1</c>.</summary>
    /// <exception cref="OpusLibraryMissingException">It is not installed; good to know before the first packet comes.</exception>
    public static unsafe string Version => Marshal.PtrToStringUTF8((nint)OpusNative.opus_get_version_string()) ?? "libopus";

    /// <summary>Bytes of native memory that one decoder takes.</summary>
    /// <param name="channels">1 or 2.</param>
    /// <exception cref="OpusLibraryMissingException">It is not installed.</exception>
    public static int DecoderSize(int channels) => OpusNative.opus_decoder_get_size(channels);
}
