using System.Buffers.Binary;

namespace Pipeline.Audio.Wav;

/// <summary>
/// What a WAV or AIFF file says of itself before its samples, checked. Lengths that were never written, because the recorder was killed
/// or wrote into a pipe, are taken from the file.
/// </summary>
internal sealed class SoundFileHeader
{
    private static readonly int[] Bits = [8, 16, 24, 32, 64];

    private readonly Stream input;
    private readonly bool isBigEndian; // AIFF
    private readonly List<(long At, byte[] Bytes)> patches = [];
    private bool hasFormat;

    private SoundFileHeader(Stream input, bool isAiff) => (this.input, isBigEndian) = (input, isAiff);

    public bool IsAiff => isBigEndian;

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
        SoundFileHeader header = new(input, isAiff);
        header.ReadChunks(isRf64: !isAiff && !start.StartsWith("RIFF"u8), header.Number(start[4..]));
        return header;
    }

    /// <summary>The file with the lengths that it really has.</summary>
    public Stream Mended() => new PatchedStream(input, patches) { Position = 0 };

    private static bool IsWav(ReadOnlySpan<byte> start) =>
        start.StartsWith("RIFF"u8) || start.StartsWith("RF64"u8) || start.StartsWith("BW64"u8);

    private uint Number(ReadOnlySpan<byte> bytes) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private int Short(ReadOnlySpan<byte> bytes) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private void ReadChunks(bool isRf64, uint formLength)
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
                if (!isRf64) CheckLengths(at + 4, formLength, length);
                return;
            }
            if (chunk[..4].SequenceEqual("fmt "u8) && !isBigEndian) CheckFormat(at + 8, length);
            if (chunk[..4].SequenceEqual("COMM"u8) && isBigEndian) CheckCommon(at + 8, length);
            at += 8 + length + (length & 1);
        }
        throw new SoundFormatException(hasFormat ? "no samples in it" : "its header is cut off");
    }

    private void CheckLengths(long lengthAt, uint formLength, uint length)
    {
        long real = input.Length - lengthAt - 4;
        bool isUnwritten = length == 0 && formLength + 8L < input.Length;
        if (length <= real && !isUnwritten) return;
        IsCutOff = true;
        uint shown = (uint)Math.Min(real, uint.MaxValue);
        Patch(lengthAt, shown);
        Patch(4, (uint)Math.Min(input.Length - 8, uint.MaxValue));
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
        Check(Short(format.AsSpan(2)), Number(format.AsSpan(4)), Short(format.AsSpan(14)));
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
        Check(Short(common), rate, Short(common.AsSpan(6)));
    }

    private byte[] ReadBody(long at, uint length, int least)
    {
        byte[] body = new byte[Math.Min(length, 64)];
        input.Position = at;
        int read = input.ReadAtLeast(body, body.Length, throwOnEndOfStream: false);
        return read >= least ? body[..read] : throw new SoundFormatException("its header is cut off");
    }

    private void Check(int channels, uint rate, int bits)
    {
        hasFormat = true;
        if (channels is < 1 or > 64 || rate is < 1000 or > 768_000 || !Bits.Contains(bits))
            throw new SoundFormatException($"a header with {channels} channels, {rate} Hz and {bits} bits per sample");
    }
}

/// <summary>A sound file that cannot be read.</summary>
public sealed class SoundFormatException(string problem) : Exception(problem);
