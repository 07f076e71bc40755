using System.Runtime.InteropServices;

namespace Pipeline.Audio.Opus;

/// <summary>The functions of libopus that we call (opus.h, opus_defines.h of libopus 1.3 or later).</summary>
internal static unsafe partial class OpusNative
{
    public const int Ok = 0;
    public const int BufferTooSmall = -2;
    public const int InternalError = -3;
    public const int InvalidPacket = -4;
    public const int ResetState = 4028;
    public const int SetBitrate = 4002;
    public const int SetComplexity = 4010;
    public const int SetInbandFec = 4012;
    public const int SetPacketLossPercent = 4014;
    public const int GetLookahead = 4027;
    public const int ApplicationVoip = 2048;
    public const int ApplicationAudio = 2049;

    private const string Library = NativeLibraries.Opus;

    static OpusNative() => NativeLibraries.Prepare();

    [LibraryImport(Library)]
    public static partial nint opus_decoder_create(int sampleRate, int channels, out int error);

    [LibraryImport(Library)]
    public static partial void opus_decoder_destroy(nint decoder);

    [LibraryImport(Library)]
    public static partial int opus_decode_float(LibopusDecoderHandle decoder, byte* data, int length, float* pcm, int frameSize,
        int decodeFec);

    /// <param name="memory">One value per channel: what the curve of the frame before still asks for; zero at the start.</param>
    [LibraryImport(Library)]
    public static partial void opus_pcm_soft_clip(float* pcm, int frameSize, int channels, float* memory);

    [LibraryImport(Library)]
    public static partial int opus_decoder_ctl(LibopusDecoderHandle decoder, int request);

    [LibraryImport(Library)]
    public static partial int opus_decoder_get_size(int channels);

    [LibraryImport(Library)]
    public static partial byte* opus_get_version_string();

    [LibraryImport(Library)]
    public static partial nint opus_encoder_create(int sampleRate, int channels, int application, out int error);

    [LibraryImport(Library)]
    public static partial void opus_encoder_destroy(nint encoder);

    [LibraryImport(Library)]
    public static partial int opus_encode(LibopusEncoderHandle encoder, short* pcm, int frameSize, byte* data, int maximum);

    /// <summary>Sets one value. The function is variadic in C, which most systems call like any other.</summary>
    public static int Set(LibopusEncoderHandle encoder, int request, int value) =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? SetOnAppleArm(encoder, request, 0, 0, 0, 0, 0, 0, value)
            : opus_encoder_ctl(encoder, request, value);

    public static int Get(LibopusEncoderHandle encoder, int request, out int value)
    {
        int answer = 0;
        int status = OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? GetOnAppleArm(encoder, request, 0, 0, 0, 0, 0, 0, &answer)
            : GetOrdinary(encoder, request, &answer);
        value = answer;
        return status;
    }

    [LibraryImport(Library)]
    private static partial int opus_encoder_ctl(LibopusEncoderHandle encoder, int request, int value);

    [LibraryImport(Library, EntryPoint = "opus_encoder_ctl")]
    private static partial int GetOrdinary(LibopusEncoderHandle encoder, int request, int* value);

    // Apple's arm64 takes variadic arguments from the stack: six fillers behind the two named ones use up the registers.
    [LibraryImport(Library, EntryPoint = "opus_encoder_ctl")]
    private static partial int SetOnAppleArm(LibopusEncoderHandle encoder, int request, nint f2, nint f3, nint f4, nint f5, nint f6,
        nint f7, nint value);

    [LibraryImport(Library, EntryPoint = "opus_encoder_ctl")]
    private static partial int GetOnAppleArm(LibopusEncoderHandle encoder, int request, nint f2, nint f3, nint f4, nint f5, nint f6,
        nint f7, int* value);
}
