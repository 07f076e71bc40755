using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Audio.Mp3;

/// <summary>The functions of libmp3lame 3.100 that we call (lame.h).</summary>
internal static unsafe partial class LameNative
{
    public const int JointStereo = 1;
    public const int Mono = 3;
    private const string Library = NativeLibraries.Lame;

    static LameNative() => NativeLibraries.Prepare();

    [LibraryImport(Library)]
    public static partial nint lame_init();

    [LibraryImport(Library)]
    public static partial int lame_close(nint flags);

    [LibraryImport(Library)]
    public static partial int lame_set_num_channels(LameHandle flags, int channels);

    [LibraryImport(Library)]
    public static partial int lame_set_in_samplerate(LameHandle flags, int rate);

    [LibraryImport(Library)]
    public static partial int lame_set_out_samplerate(LameHandle flags, int rate);

    [LibraryImport(Library)]
    public static partial int lame_set_mode(LameHandle flags, int mode);

    [LibraryImport(Library)]
    public static partial int lame_set_brate(LameHandle flags, int kilobits);

    [LibraryImport(Library)]
    public static partial int lame_set_quality(LameHandle flags, int quality);

    [LibraryImport(Library)]
    public static partial int lame_set_disable_reservoir(LameHandle flags, int value);

    [LibraryImport(Library)]
    public static partial int lame_set_bWriteVbrTag(LameHandle flags, int value);

    [LibraryImport(Library)]
    public static partial int lame_set_write_id3tag_automatic(LameHandle flags, int value);

    [LibraryImport(Library)]
    public static partial int lame_init_params(LameHandle flags);

    [LibraryImport(Library)]
    public static partial int lame_encode_buffer_interleaved(LameHandle flags, short* pcm, int samples, byte* mp3, int size);

    [LibraryImport(Library)]
    public static partial int lame_encode_buffer(LameHandle flags, short* left, short* right, int samples, byte* mp3, int size);

    [LibraryImport(Library)]
    public static partial int lame_encode_flush(LameHandle flags, byte* mp3, int size);

    [LibraryImport(Library)]
    public static partial byte* get_lame_version();
}

/// <summary>Owns one encoder of libmp3lame.</summary>
internal sealed class LameHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public LameHandle()
        : base(ownsHandle: true) => SetHandle(LameNative.lame_init());

    protected override bool ReleaseHandle() => LameNative.lame_close(handle) == 0;
}
