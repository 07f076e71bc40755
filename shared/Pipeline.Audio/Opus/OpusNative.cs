using System.Reflection;
using System.Runtime.InteropServices;

namespace Pipeline.Audio.Opus;

/// <summary>The functions of libopus that we call (opus_defines.h, opus_decoder.h of libopus 1.3 or later).</summary>
internal static unsafe partial class OpusNative
{
    public const int Ok = 0;
    public const int BufferTooSmall = -2;
    public const int InternalError = -3;
    public const int InvalidPacket = -4;
    public const int ResetState = 4028;

    private const string Library = "opus";

    // The bare name comes last: distributions ship it with the development package only.
    private static readonly string[] FileNames = ["libopus.so.0", "libopus.0.dylib", "libopus.dylib", "opus.dll", "libopus-0.dll", "opus"];

    static OpusNative() => NativeLibrary.SetDllImportResolver(typeof(OpusNative).Assembly, Resolve);

    [LibraryImport(Library)]
    public static partial nint opus_decoder_create(int sampleRate, int channels, out int error);

    [LibraryImport(Library)]
    public static partial void opus_decoder_destroy(nint decoder);

    [LibraryImport(Library)]
    public static partial int opus_decode_float(OpusDecoderHandle decoder, byte* data, int length, float* pcm, int frameSize, int decodeFec);

    /// <param name="memory">One value per channel: what the curve of the frame before still asks for; zero at the start.</param>
    [LibraryImport(Library)]
    public static partial void opus_pcm_soft_clip(float* pcm, int frameSize, int channels, float* memory);

    [LibraryImport(Library)]
    public static partial int opus_decoder_ctl(OpusDecoderHandle decoder, int request);

    [LibraryImport(Library)]
    public static partial int opus_decoder_get_size(int channels);

    [LibraryImport(Library)]
    public static partial byte* opus_get_version_string();

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Library) return 0;
        foreach (string fileName in FileNames)
        {
            if (NativeLibrary.TryLoad(fileName, assembly, searchPath, out nint handle)) return handle;
        }
        throw new OpusLibraryMissingException(FileNames);
    }
}
