using System.Buffers;
using System.Buffers.Binary;

namespace Pipeline.Audio.Mp3;

/// <summary>
/// Writes MP3 at a constant bitrate and 48 kHz in windows that are encoded apart and joined by putting their bytes one behind the
/// other. Without the bit reservoir every frame stands alone, and an encoder that hears <see cref="PreRollFrames"/> frames before its
/// window gives the bytes of one that heard everything.
/// </summary>
public static unsafe class Mp3Encoder
{
    public const int FrameSamples = 1152;

    /// <summary>Frames that an encoder hears before its window.</summary>
    public const int PreRollFrames = 8;

    /// <summary>Samples of <see cref="PreRollFrames"/>, and of the one frame by which the encoder lags behind its input.</summary>
    public const int PreRollSamples = (PreRollFrames + Lag) * FrameSamples;

    /// <summary>Samples of silence that the encoder puts in front; the Info frame tells players to drop them.</summary>
    public const int Delay = 576;

    /// <summary>After n frames of input n - 1 have come out.</summary>
    private const int Lag = 1;

    private const int SampleRate = 48_000;
    private const int HeaderBytes = 4;
    private const int Quality = 5;
    private static readonly int[] Bitrates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]; // kbit/s, MPEG-1 layer III

    /// <summary>libmp3lame is installed.</summary>
    public static bool IsAvailable => Found.Value;

    private static readonly Lazy<bool> Found = new(() => NativeLibraries.CanLoad(NativeLibraries.Lame));

    /// <summary>Bytes of every frame.</summary>
    public static int FrameBytes(int kilobits) => 144 * kilobits * 1000 / SampleRate;

    /// <summary>Encodes one window: all frames that its samples complete.</summary>
    /// <param name="pcm"><c>[samples, channels]</c>: <paramref name="preRoll"/> samples before the window, then the window.</param>
    /// <param name="preRoll">0 for the first window, else <see cref="PreRollSamples"/>.</param>
    /// <param name="isLast">The end of the file: what the encoder still holds comes out.</param>
    /// <returns>Frames written.</returns>
    public static int Write(ReadOnlySpan<short> pcm, int channels, int kilobits, int preRoll, bool isLast, IBufferWriter<byte> output)
    {
        int samples = pcm.Length / channels;
        if (preRoll is not (0 or PreRollSamples))
            throw new ArgumentException($"a pre-roll of {preRoll} samples, {PreRollSamples} or none are needed", nameof(preRoll));
        if (!isLast && (samples - preRoll) % FrameSamples != 0)
            throw new ArgumentException($"a window of {samples - preRoll} samples is not of whole frames", nameof(pcm));
        using LameHandle lame = Open(channels, kilobits);
        byte[] encoded = new byte[(samples / FrameSamples + 8) * FrameBytes(kilobits) + 7200];
        int length = Feed(lame, pcm, channels, encoded);
        if (isLast) length += Flush(lame, encoded.AsSpan(length));
        int skipped = preRoll == 0 ? 0 : PreRollFrames * FrameBytes(kilobits);
        output.Write(encoded.AsSpan(skipped, length - skipped));
        return (length - skipped) / FrameBytes(kilobits);
    }

    /// <summary>
    /// The Info frame in front of the file: a frame of silence whose body says how long the file is and what to drop at its ends
    /// (the layout of Xing and LAME: <c>"Info" | u32 flags | u32 frames | u32 bytes | "LAME…" | … | u12 delay, u12 padding | …</c>).
    /// </summary>
    /// <param name="frames">Behind this one.</param>
    /// <param name="totalSamples">Per channel of the sound itself.</param>
    public static byte[] WriteInfoFrame(int channels, int kilobits, long frames, long totalSamples)
    {
        byte[] frame = new byte[FrameBytes(kilobits)];
        WriteFrameHeader(frame, channels, kilobits);
        int info = HeaderBytes + (channels == 1 ? 17 : 32); // behind the side information
        "Info"u8.CopyTo(frame.AsSpan(info));
        long bytes = (frames + 1) * frame.Length;
        bool hasBytes = bytes <= uint.MaxValue; // 74 hours in stereo
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(info + 4), hasBytes ? 3u : 1u); // frames, and bytes, follow
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(info + 8), (uint)frames);
        if (hasBytes) BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(info + 12), (uint)bytes);
        int end = info + (hasBytes ? 16 : 12);
        Span<byte> lame = frame.AsSpan(end);
        "LAME3.100"u8.CopyTo(lame);
        lame[9] = 1; // revision 0, constant bitrate
        lame[20] = (byte)Math.Min(kilobits, 255);
        int padding = (int)Math.Clamp((frames * FrameSamples) - totalSamples - Delay, 0, 4095);
        lame[21] = Delay >> 4;
        lame[22] = (byte)(((Delay & 15) << 4) | (padding >> 8));
        lame[23] = (byte)padding;
        BinaryPrimitives.WriteUInt32BigEndian(lame[28..], hasBytes ? (uint)bytes : 0);
        BinaryPrimitives.WriteUInt16BigEndian(lame[34..], Crc16(frame.AsSpan(0, end + 34)));
        return frame;
    }

    // 11 bits sync, MPEG-1, layer III, no CRC | bitrate, rate (48 kHz), no padding | mode.
    private static void WriteFrameHeader(Span<byte> frame, int channels, int kilobits)
    {
        int index = Array.IndexOf(Bitrates, kilobits) + 1;
        if (index == 0) throw new ArgumentOutOfRangeException(nameof(kilobits), kilobits, "no bitrate of MPEG-1 layer III");
        frame[0] = 0xFF;
        frame[1] = 0xFB;
        frame[2] = (byte)((index << 4) | (1 << 2));
        frame[3] = (byte)((channels == 1 ? LameNative.Mono : LameNative.JointStereo) << 6);
    }

    private static LameHandle Open(int channels, int kilobits)
    {
        LameHandle lame = new();
        Check(LameNative.lame_set_num_channels(lame, channels));
        Check(LameNative.lame_set_in_samplerate(lame, SampleRate));
        Check(LameNative.lame_set_out_samplerate(lame, SampleRate));
        Check(LameNative.lame_set_mode(lame, channels == 1 ? LameNative.Mono : LameNative.JointStereo));
        Check(LameNative.lame_set_brate(lame, kilobits));
        Check(LameNative.lame_set_quality(lame, Quality));
        Check(LameNative.lame_set_disable_reservoir(lame, 1));
        Check(LameNative.lame_set_bWriteVbrTag(lame, 0));
        Check(LameNative.lame_set_write_id3tag_automatic(lame, 0));
        Check(LameNative.lame_init_params(lame));
        return lame;
    }

    private static int Feed(LameHandle lame, ReadOnlySpan<short> pcm, int channels, Span<byte> encoded)
    {
        int length = 0;
        fixed (short* input = pcm)
        fixed (byte* output = encoded)
        {
            int samples = pcm.Length / channels;
            for (int at = 0; at < samples; at += FrameSamples)
            {
                int count = Math.Min(FrameSamples, samples - at);
                length += Check(channels == 1
                    ? LameNative.lame_encode_buffer(lame, input + at, input + at, count, output + length, encoded.Length - length)
                    : LameNative.lame_encode_buffer_interleaved(lame, input + (2 * at), count, output + length, encoded.Length - length));
            }
        }
        return length;
    }

    private static int Flush(LameHandle lame, Span<byte> encoded)
    {
        fixed (byte* output = encoded) return Check(LameNative.lame_encode_flush(lame, output, encoded.Length));
    }

    private static int Check(int status) => status >= 0 ? status : throw new InvalidOperationException($"libmp3lame failed with {status}");

    // CRC-16 with polynomial 0x8005, reflected, as LAME's tag wants it.
    private static ushort Crc16(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
        }
        return (ushort)crc;
    }
}
