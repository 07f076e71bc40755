using System.Buffers;
using System.Runtime.InteropServices;

namespace Pipeline.Audio.Flac;

/// <summary>
/// Encodes 16-bit samples at 48 kHz to FLAC frames (RFC 9639 §9) of a fixed block size. Frames carry their absolute number, so any
/// stretch that begins at a multiple of <see cref="BlockSize"/> is encoded by itself, and stretches are joined by putting their bytes
/// one behind the other. The same samples give the same bytes on every machine. Not for two threads at once.
/// </summary>
/// <remarks>
/// <code>
/// frame   header | subframe per channel | zeros to a whole byte | CRC-16
/// header  11111111 11111000 | u4 block size | u4 rate | u4 channels | u3 bits | 0 | frame number (1-7 bytes) | [u16 samples - 1] | CRC-8
/// </code>
/// </remarks>
public sealed class FlacEncoder
{
    public const int SampleRate = 48_000;
    public const int BitsPerSample = 16;

    /// <summary>Samples per channel of one frame; 625 of them are a minute.</summary>
    public const int BlockSize = 4608;

    // RFC 9639 §9.1.1 to §9.1.4.
    private const uint SizeOf4608 = 0b0101; // 144 << 5
    private const uint SizeFollows = 0b0111; // u16 behind the frame number
    private const uint Rate48 = 0b1010;
    private const uint Depth16 = 0b100;
    private const uint LeftSide = 0b1000;
    private const uint SideRight = 0b1001;
    private const uint MidSide = 0b1010;

    private readonly int channels;
    private readonly FlacBitWriter bits = new();
    private readonly FlacSubframe subframes = new();
    private readonly int[] left = new int[BlockSize];
    private readonly int[] right = new int[BlockSize];
    private readonly int[] mid = new int[BlockSize];
    private readonly int[] side = new int[BlockSize];

    /// <param name="channels">1 or 2.</param>
    public FlacEncoder(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 2);
        this.channels = channels;
    }

    /// <summary>Encodes a stretch.</summary>
    /// <param name="pcm"><c>[samples, channels]</c>. Only the last stretch of a stream may have a length that is no multiple of
    /// <see cref="BlockSize"/>.</param>
    /// <param name="firstFrame">Number of the stretch's first frame in its stream.</param>
    public void Encode(ReadOnlySpan<short> pcm, long firstFrame, IBufferWriter<byte> output)
    {
        for (long frame = firstFrame; !pcm.IsEmpty; frame++)
        {
            int samples = Math.Min(BlockSize, pcm.Length / channels);
            EncodeFrame(pcm[..(samples * channels)], samples, frame);
            output.Write(bits.Bytes);
            pcm = pcm[(samples * channels)..];
        }
    }

    /// <summary>Encodes a stretch of zeros: the same bytes as <see cref="Encode"/> gives, without the zeros.</summary>
    /// <param name="samples">Per channel. Only the last stretch of a stream may have a length that is no multiple of
    /// <see cref="BlockSize"/>.</param>
    /// <inheritdoc cref="Encode"/>
    public void EncodeSilence(long samples, long firstFrame, IBufferWriter<byte> output)
    {
        for (long frame = firstFrame; samples > 0; frame++)
        {
            int length = (int)Math.Min(BlockSize, samples);
            bits.Clear();
            WriteSilence(length, frame);
            EndFrame();
            output.Write(bits.Bytes);
            samples -= length;
        }
    }

    private void EncodeFrame(ReadOnlySpan<short> pcm, int samples, long frame)
    {
        bits.Clear();
        if (!pcm.ContainsAnyExcept((short)0)) WriteSilence(samples, frame);
        else if (channels == 1)
        {
            for (int i = 0; i < samples; i++) left[i] = pcm[i];
            WriteHeader(samples, 0, frame);
            subframes.Write(bits, left.AsSpan(0, samples), BitsPerSample);
        }
        else
        {
            Split(pcm, samples);
            WriteStereo(samples, frame);
        }
        EndFrame();
    }

    private void EndFrame()
    {
        bits.Align();
        bits.Write(FlacChecksums.Crc16(bits.Bytes), 16);
        bits.Align();
    }

    // Hours of it are common; what the stereo search would choose is known.
    private void WriteSilence(int samples, long frame)
    {
        WriteHeader(samples, channels == 1 ? 0 : LeftSide, frame);
        FlacSubframe.WriteConstant(bits, 0, BitsPerSample);
        if (channels == 2) FlacSubframe.WriteConstant(bits, 0, BitsPerSample + 1);
    }

    private void Split(ReadOnlySpan<short> pcm, int samples)
    {
        ReadOnlySpan<int> pairs = MemoryMarshal.Cast<short, int>(pcm);
        for (int i = 0; i < samples; i++)
        {
            int l = (short)pairs[i], r = pairs[i] >> 16;
            if (!BitConverter.IsLittleEndian) (l, r) = (pcm[2 * i], pcm[(2 * i) + 1]);
            (left[i], right[i], mid[i], side[i]) = (l, r, (l + r) >> 1, l - r);
        }
    }

    // RFC 9639 §4.2: of left, right, their mean and their difference any pair that holds both channels; the difference has one bit more.
    private void WriteStereo(int samples, long frame)
    {
        Span<int> l = left.AsSpan(0, samples), r = right.AsSpan(0, samples), m = mid.AsSpan(0, samples), s = side.AsSpan(0, samples);
        long costLeft = FlacFixed.Roughness(l), costRight = FlacFixed.Roughness(r), costMid = FlacFixed.Roughness(m),
            costSide = FlacFixed.Roughness(s);
        long least = Math.Min(Math.Min(costLeft + costRight, costMid + costSide), Math.Min(costLeft + costSide, costSide + costRight));
        if (least == costLeft + costSide) WritePair(LeftSide, l, 0, s, 1, frame);
        else if (least == costMid + costSide) WritePair(MidSide, m, 0, s, 1, frame);
        else if (least == costSide + costRight) WritePair(SideRight, s, 1, r, 0, frame);
        else WritePair(1, l, 0, r, 0, frame);
    }

    private void WritePair(uint assignment, ReadOnlySpan<int> first, int firstExtra, ReadOnlySpan<int> second, int secondExtra, long frame)
    {
        WriteHeader(first.Length, assignment, frame);
        subframes.Write(bits, first, BitsPerSample + firstExtra);
        subframes.Write(bits, second, BitsPerSample + secondExtra);
    }

    private void WriteHeader(int samples, uint assignment, long frame)
    {
        bits.Write(0xFFF8, 16);
        bits.Write(samples == BlockSize ? SizeOf4608 : SizeFollows, 4);
        bits.Write(Rate48, 4);
        bits.Write(assignment, 4);
        bits.Write(Depth16 << 1, 4);
        WriteNumber((ulong)frame);
        if (samples != BlockSize) bits.Write((uint)(samples - 1), 16);
        bits.Align();
        bits.Write(FlacChecksums.Crc8(bits.Bytes), 8);
    }

    // RFC 9639 §9.1.5: as UTF-8 writes a code point, up to 36 bits.
    private void WriteNumber(ulong value)
    {
        if (value < 0x80)
        {
            bits.Write((uint)value, 8);
            return;
        }
        int more = 1; // bytes behind the first
        while (value >= 1ul << ((5 * more) + 6)) more++;
        uint lead = (0xFFu << (7 - more)) & 0xFF;
        bits.Write(lead | (uint)(value >> (6 * more)), 8);
        for (int i = more - 1; i >= 0; i--) bits.Write(0x80 | ((uint)(value >> (6 * i)) & 0x3F), 8);
    }
}
