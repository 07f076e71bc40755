using System.Buffers.Binary;

namespace Pipeline.Audio.Wav;

/// <summary>
/// What a WAV or AIFF file says of its samples, checked. Lengths that were never written, because the recorder was killed or wrote into a
/// pipe, are taken from the file.
/// </summary>
internal sealed class SoundFileHeader
{
    private const int LeastBits = 8;
    private const int MostBits = 32;
    private static readonly int[] FloatBits = [32, 64];

    // EBU Tech 3306: the first chunk of RF64 has the lengths for which 32 bits are too few.
    private const int LongLengthsAt = 20;

    private readonly Stream input;
    private readonly bool isRf64; // or BW64
    private (long Form, long Data)? longLengths;
    private (long At, uint Length)? sound; // of AIFF: where the body of SSND begins, and how long it says to be

    private SoundFileHeader(Stream input, bool isAiff, bool isRf64) => (this.input, IsAiff, this.isRf64) = (input, isAiff, isRf64);

    /// <summary>Its chunks are big-endian, and its bytes alone have a sign.</summary>
    public bool IsAiff { get; }

    /// <summary>Its samples are.</summary>
    public bool IsBigEndian { get; private set; }

    public int Channels { get; private set; }
    public int SampleRate { get; private set; }
    public bool IsFloat { get; private set; }

    /// <summary>Bytes of one sample of all channels; 0 while no format was read.</summary>
    public int BlockAlign { get; private set; }

    /// <summary>Where the first sample begins.</summary>
    public long DataAt { get; private set; }

    /// <summary>Samples per channel that the file really has.</summary>
    public long SampleCount { get; private set; }

    /// <summary>The file ends before its samples do, or does not say how many there are.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>The first four bytes are those of WAV (RIFF, RF64, BW64) or AIFF (FORM).</summary>
    public static bool IsKnown(ReadOnlySpan<byte> start) => IsWav(start) || start.StartsWith("FORM"u8);

    /// <summary>Reads up to the samples, and of AIFF up to the format, which may stand behind them.</summary>
    /// <param name="input">Seekable, at any position; stays the caller's.</param>
    /// <exception cref="SoundFormatException">Not a file that can be read.</exception>
    public static SoundFileHeader Read(Stream input)
    {
        Span<byte> start = stackalloc byte[12];
        input.Position = 0;
        int read = input.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (read < start.Length) throw new SoundFormatException("its header is cut off");
        bool isAiff = start.StartsWith("FORM"u8);
        if (isAiff ? !start[8..11].SequenceEqual("AIF"u8) : !IsWav(start) || !start[8..].SequenceEqual("WAVE"u8))
            throw new SoundFormatException("no WAV or AIFF header");
        SoundFileHeader header = new(input, isAiff, isRf64: !isAiff && !start.StartsWith("RIFF"u8));
        header.ReadChunks(header.Number(start[4..]));
        return header;
    }

    private static bool IsWav(ReadOnlySpan<byte> start) =>
        start.StartsWith("RIFF"u8) || start.StartsWith("RF64"u8) || start.StartsWith("BW64"u8);

    private uint Number(ReadOnlySpan<byte> bytes) =>
        IsAiff ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private int Short(ReadOnlySpan<byte> bytes) =>
        IsAiff ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private void ReadChunks(uint formLength)
    {
        Span<byte> chunk = stackalloc byte[8];
        for (long at = 12; at + 8 <= input.Length;)
        {
            input.Position = at;
            input.ReadExactly(chunk);
            uint length = Number(chunk[4..]);
            if (IsAiff ? TakeAiff(chunk[..4], at + 8, length, formLength) : TakeWav(chunk[..4], at + 8, length, formLength)) return;
            at += 8 + length + (length & 1);
        }
        if (sound is not null) throw new SoundFormatException("no format of its samples");
        throw new SoundFormatException(BlockAlign > 0 ? "no samples in it" : "its header is cut off");
    }

    /// <returns>Whether all is known.</returns>
    private bool TakeWav(ReadOnlySpan<byte> name, long at, uint length, uint formLength)
    {
        if (name.SequenceEqual("data"u8))
        {
            if (BlockAlign == 0) throw new SoundFormatException("no format before its samples");
            TakeLengths(at, Long(formLength, longLengths?.Form), Long(length, longLengths?.Data));
            return true;
        }
        if (name.SequenceEqual("fmt "u8)) CheckFormat(at, length);
        if (name.SequenceEqual("ds64"u8) && isRf64 && at == LongLengthsAt) ReadLongLengths(length);
        return false;
    }

    /// <summary>Chunks of AIFF come in any order (AIFF 1.3, "Local Chunks").</summary>
    /// <returns>Whether all is known.</returns>
    private bool TakeAiff(ReadOnlySpan<byte> name, long at, uint length, uint formLength)
    {
        if (name.SequenceEqual("SSND"u8)) sound ??= (at, length);
        if (name.SequenceEqual("COMM"u8)) CheckCommon(at, length);
        if (BlockAlign == 0 || sound is not { } found) return false;
        TakeSound(found.At, found.Length, formLength);
        return true;
    }

    // u32 bytes before the first sample | u32 size of blocks
    private void TakeSound(long at, uint length, uint formLength)
    {
        uint offset = Number(ReadBody(at, 8, 8));
        if (length == 0) // never written
        {
            TakeLengths(at + 8 + offset, formLength, 0);
            return;
        }
        if (length < 8 + (long)offset) throw new SoundFormatException("samples that begin behind their end");
        TakeLengths(at + 8 + offset, formLength, length - 8 - offset);
    }

    private static long Long(uint length, long? longLength) =>
        longLength is { } known && (known != 0 || length == uint.MaxValue) ? known : length;

    // u64 length of the file without 8 bytes | u64 length of the samples | …
    private void ReadLongLengths(uint length)
    {
        byte[] lengths = ReadBody(LongLengthsAt, length, 24);
        longLengths = (BinaryPrimitives.ReadInt64LittleEndian(lengths), BinaryPrimitives.ReadInt64LittleEndian(lengths.AsSpan(8)));
    }

    /// <param name="dataAt">Where the samples begin.</param>
    /// <param name="form">Bytes of the file behind the first eight, as it says.</param>
    /// <param name="length">Bytes of the samples, as it says; negative: 2^63 or more.</param>
    private void TakeLengths(long dataAt, long form, long length)
    {
        long real = Math.Max(0, input.Length - dataAt);
        bool isUnwritten = length == 0 && form < input.Length - 8;
        IsCutOff = length < 0 || length > real || isUnwritten;
        DataAt = dataAt;
        SampleCount = (IsCutOff ? real : length) / BlockAlign;
    }

    // u16 coding | u16 channels | u32 rate | u32 bytes per second | u16 block | u16 bits, and where the coding is "extensible":
    // u16 length | u16 valid bits | u32 speakers | u16 coding | 14 bytes, the same for all that is no special sound
    private void CheckFormat(long at, uint length)
    {
        byte[] format = ReadBody(at, length, 16);
        int coding = Short(format);
        bool isExtensible = coding == 0xFFFE && format.Length >= 26;
        if (isExtensible) coding = Short(format.AsSpan(24));
        if (coding is not (1 or 3)) throw new SoundFormatException($"compressed samples (WAV format {coding})");
        // {0000xxxx-0000-0010-8000-00AA00389B71}
        if (isExtensible && !format.AsSpan(26).StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]))
            throw new SoundFormatException("a header that fits no known kind of sound");
        IsFloat = coding == 3;
        Check(Short(format.AsSpan(2)), Number(format.AsSpan(4)), Short(format.AsSpan(14)), Short(format.AsSpan(12)));
    }

    // u16 channels | u32 samples | u16 bits | rate as an 80-bit float | of AIFC: 4 letters of the coding
    private void CheckCommon(long at, uint length)
    {
        byte[] common = ReadBody(at, length, 18);
        int exponent = (Short(common.AsSpan(8)) & 0x7FFF) - 16383;
        uint rate = exponent is >= 0 and < 32 ? Number(common.AsSpan(10)) >> (31 - exponent) : 0;
        int channels = Short(common), bits = Short(common.AsSpan(6));
        string coding = common.Length >= 22 ? System.Text.Encoding.ASCII.GetString(common.AsSpan(18, 4)) : "NONE";
        // What they are called says more than the bits: those of floats count the values that they were made of.
        (IsBigEndian, IsFloat, bits) = coding switch
        {
            "NONE" or "twos" => (true, false, bits),
            "sowt" => (false, false, bits),
            "in24" => (true, false, 24),
            "in32" => (true, false, 32),
            "fl32" or "FL32" => (true, true, 32),
            "fl64" or "FL64" => (true, true, 64),
            _ => throw new SoundFormatException($"AIFF of the kind '{coding}'"),
        };
        Check(channels, rate, bits, channels * ((bits + 7) / 8));
    }

    private byte[] ReadBody(long at, uint length, int least)
    {
        byte[] body = new byte[Math.Min(length, 64)];
        input.Position = at;
        int read = input.ReadAtLeast(body, body.Length, throwOnEndOfStream: false);
        return read >= least ? body[..read] : throw new SoundFormatException("its header is cut off");
    }

    /// <param name="block">Bytes of one sample of all channels: each takes whole bytes, which may have more bits than it.</param>
    private void Check(int channels, uint rate, int bits, int block)
    {
        bool isWidth = IsFloat ? FloatBits.Contains(bits) : bits is >= LeastBits and <= MostBits;
        if (channels is < 1 or > 64 || rate is < 1000 or > 768_000 || !isWidth)
            throw new SoundFormatException($"a header with {channels} channels, {rate} Hz and {bits} bits per sample");
        int width = block / channels;
        if (block % channels != 0 || width * 8 < bits || (IsFloat ? width * 8 > bits : width * 8 > MostBits))
            throw new SoundFormatException($"a header with {block} bytes per sample, which does not fit the rest of it");
        (Channels, SampleRate, BlockAlign) = (channels, (int)rate, block);
    }
}

/// <summary>A sound file that cannot be read.</summary>
public sealed class SoundFormatException(string problem) : Exception(problem);
