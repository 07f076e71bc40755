using System.Buffers.Binary;

namespace Pipeline.Audio.Wav;

/// <summary>
/// What a WAV or AIFF file says of itself before its samples, checked. Lengths that were never written, because the recorder was killed
/// or wrote into a pipe, are taken from the file.
/// </summary>
internal sealed class SoundFileHeader
{
    private static readonly int[] IntegerBits = [8, 16, 24, 32];
    private static readonly int[] FloatBits = [32, 64];

    // EBU Tech 3306: the first chunk of RF64 has the lengths for which 32 bits are too few.
    private const int LongLengthsAt = 20;

    private readonly Stream input;
    private readonly bool isBigEndian; // AIFF
    private readonly bool isRf64; // or BW64
    private readonly List<(long At, byte[] Bytes)> patches = [];
    private bool hasFormat;
    private (long Form, long Data)? longLengths;
    private long end; // of the samples

    private SoundFileHeader(Stream input, bool isAiff, bool isRf64) => (this.input, isBigEndian, this.isRf64) = (input, isAiff, isRf64);

    public bool IsAiff => isBigEndian;

    /// <summary>Bytes behind the samples that NAudio takes for samples: it rounds an AIFF chunk up to its padding.</summary>
    public int Padding { get; private set; }

    /// <summary>The file ends before its samples do, or does not say how many there are.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>The first four bytes are those of WAV (RIFF, RF64, BW64) or AIFF (FORM).</summary>
    public static bool IsKnown(ReadOnlySpan<byte> start) => IsWav(start) || start.StartsWith("FORM"u8);

    /// <summary>Reads up to the samples.</summary>
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

    /// <summary>The file up to the end of its samples, with the lengths that it really has.</summary>
    public Stream Mended() => new PatchedStream(input, patches, end) { Position = 0 };

    private static bool IsWav(ReadOnlySpan<byte> start) =>
        start.StartsWith("RIFF"u8) || start.StartsWith("RF64"u8) || start.StartsWith("BW64"u8);

    private uint Number(ReadOnlySpan<byte> bytes) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private int Short(ReadOnlySpan<byte> bytes) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private void ReadChunks(uint formLength)
    {
        Span<byte> chunk = stackalloc byte[8];
        for (long at = 12; at + 8 <= input.Length;)
        {
            input.Position = at;
            input.ReadExactly(chunk);
            uint length = Number(chunk[4..]);
            if (chunk[..4].SequenceEqual(isBigEndian ? "SSND"u8 : "data"u8))
            {
                if (!hasFormat) throw new SoundFormatException("no format before its samples");
                CheckLengths(at + 8, Long(formLength, longLengths?.Form), Long(length, longLengths?.Data));
                return;
            }
            if (chunk[..4].SequenceEqual("fmt "u8) && !isBigEndian) CheckFormat(at + 8, length);
            if (chunk[..4].SequenceEqual("COMM"u8) && isBigEndian) CheckCommon(at + 8, length);
            if (chunk[..4].SequenceEqual("ds64"u8) && isRf64 && at == 12) ReadLongLengths(length);
            at += 8 + length + (length & 1);
        }
        throw new SoundFormatException(hasFormat ? "no samples in it" : "its header is cut off");
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
    private void CheckLengths(long dataAt, long form, long length)
    {
        long real = input.Length - dataAt;
        bool isUnwritten = length == 0 && form < input.Length - 8;
        IsCutOff = length < 0 || length > real || isUnwritten;
        if (IsCutOff) length = longLengths is null ? Math.Min(real, uint.MaxValue) : real;
        Padding = isBigEndian ? (int)(length & 1) : 0;
        end = dataAt + length + Padding;
        if (longLengths is null) PatchLengths(dataAt - 4, (uint)length, form);
        else PatchLongLengths(length);
    }

    private void PatchLengths(long lengthAt, uint length, long form)
    {
        if (isRf64) patches.Add((0, "RIFF"u8.ToArray()));
        if (IsCutOff) Patch(lengthAt, length);
        if (form < end - 8) Patch(4, (uint)Math.Min(end - 8, uint.MaxValue));
    }

    // NAudio does not know BW64, and takes these lengths whatever the chunks say.
    private void PatchLongLengths(long length)
    {
        patches.Add((0, "RF64"u8.ToArray()));
        byte[] lengths = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(lengths, end - 8);
        BinaryPrimitives.WriteInt64LittleEndian(lengths.AsSpan(8), length);
        patches.Add((LongLengthsAt, lengths));
    }

    private void Patch(long at, uint value)
    {
        byte[] bytes = new byte[4];
        if (isBigEndian) BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        else BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        patches.Add((at, bytes));
    }

    // u16 coding | u16 channels | u32 rate | u32 bytes per second | u16 block | u16 bits, and where the coding is "extensible":
    // u16 length | u16 valid bits | u32 speakers | u16 coding
    private void CheckFormat(long at, uint length)
    {
        byte[] format = ReadBody(at, length, 16);
        int coding = Short(format);
        if (coding == 0xFFFE && format.Length >= 26) coding = Short(format.AsSpan(24));
        if (coding is not (1 or 3)) throw new SoundFormatException($"compressed samples (WAV format {coding})");
        Check(Short(format.AsSpan(2)), Number(format.AsSpan(4)), Short(format.AsSpan(14)), coding == 3 ? FloatBits : IntegerBits);
        if (Short(format.AsSpan(12)) != Short(format.AsSpan(2)) * Short(format.AsSpan(14)) / 8)
            throw new SoundFormatException($"a header with {Short(format.AsSpan(12))} bytes per sample, which does not fit the rest of it");
    }

    // u16 channels | u32 samples | u16 bits | rate as an 80-bit float | of AIFC: 4 letters of the coding
    private void CheckCommon(long at, uint length)
    {
        byte[] common = ReadBody(at, length, 18);
        int exponent = (Short(common.AsSpan(8)) & 0x7FFF) - 16383;
        uint rate = exponent is >= 0 and < 32 ? Number(common.AsSpan(10)) >> (31 - exponent) : 0;
        if (common.Length >= 22 && !common.AsSpan(18, 4).SequenceEqual("NONE"u8))
            throw new SoundFormatException($"AIFF of the kind '{System.Text.Encoding.ASCII.GetString(common.AsSpan(18, 4))}'");
        Check(Short(common), rate, Short(common.AsSpan(6)), IntegerBits);
    }

    private byte[] ReadBody(long at, uint length, int least)
    {
        byte[] body = new byte[Math.Min(length, 64)];
        input.Position = at;
        int read = input.ReadAtLeast(body, body.Length, throwOnEndOfStream: false);
        return read >= least ? body[..read] : throw new SoundFormatException("its header is cut off");
    }

    private void Check(int channels, uint rate, int bits, int[] possibleBits)
    {
        hasFormat = true;
        if (channels is < 1 or > 64 || rate is < 1000 or > 768_000 || !possibleBits.Contains(bits))
            throw new SoundFormatException($"a header with {channels} channels, {rate} Hz and {bits} bits per sample");
    }
}

/// <summary>A sound file that cannot be read.</summary>
public sealed class SoundFormatException(string problem) : Exception(problem);
