using System.Buffers.Binary;
using System.Text;
using Pipeline.Audio.Wav;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Wav;

/// <summary>Headers made byte by byte: where their bounds lie, and what stands between their chunks.</summary>
public sealed class SoundFileHeaderTests
{
    [Theory]
    [InlineData(1, 1000, 16, true)]
    [InlineData(64, 48_000, 8, true)]
    [InlineData(2, 768_000, 32, true)]
    [InlineData(2, 768_000, 64, false)]
    [InlineData(0, 48_000, 16, false)]
    [InlineData(65, 48_000, 16, false)]
    [InlineData(1, 999, 16, false)]
    [InlineData(1, 768_001, 16, false)]
    [InlineData(1, 48_000, 7, false)]
    [InlineData(1, 48_000, 12, true)]
    [InlineData(2, 48_000, 20, true)]
    [InlineData(1, 48_000, 33, false)]
    public void Bounds_of_channels_rate_and_bits_are_where_they_are_said_to_be(int channels, int rate, int bits, bool isTaken)
    {
        byte[] wav = Wav(Format(1, channels, rate, bits), new byte[channels * ((bits + 7) / 8) * 4]);
        byte[] aiff = Aiff(channels, rate, bits, new byte[channels * ((bits + 7) / 8) * 4]);
        if (isTaken)
        {
            Assert.False(Read(wav).IsAiff);
            Assert.True(Read(aiff).IsAiff);
            return;
        }
        string told = $"{channels} channels, {rate} Hz and {bits} bits";
        Assert.Contains(told, Assert.Throws<SoundFormatException>(() => Read(wav)).Message, StringComparison.Ordinal);
        Assert.Contains(told, Assert.Throws<SoundFormatException>(() => Read(aiff)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, false)]
    [InlineData(24, false)]
    [InlineData(32, true)]
    [InlineData(64, true)]
    public void Floats_have_32_or_64_bits(int bits, bool isTaken)
    {
        byte[] file = Wav(Format(3, 1, 48_000, bits), new byte[bits / 8 * 4]);
        if (!isTaken)
        {
            Assert.Contains($"{bits} bits", Assert.Throws<SoundFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
            return;
        }
        SoundFileReader reader = new(new MemoryStream(file));
        Assert.Equal(4, reader.Length);
    }

    [Theory]
    [InlineData("RIFF", true)]
    [InlineData("RF64", true)]
    [InlineData("BW64", true)]
    [InlineData("FORM", true)]
    [InlineData("OggS", false)]
    [InlineData("RIF", false)]
    public void First_letters_say_whose_file_it_is(string letters, bool isKnown) =>
        Assert.Equal(isKnown, SoundFileHeader.IsKnown(Encoding.ASCII.GetBytes(letters)));

    [Fact]
    public void Chunks_between_are_passed_over_with_their_padding()
    {
        byte[] file = Riff([Chunk("JUNK", new byte[3]), Chunk("fmt ", Format(1, 1, 48_000, 16)), Chunk("bext", new byte[602]),
            Chunk("data", [1, 2, 3, 4])]);
        SoundFileReader reader = new(new MemoryStream(file));
        short[] pcm = new short[10];
        Assert.Equal((2, false), (reader.Read(pcm), reader.IsCutOff));
        Assert.Equal([0x0201, 0x0403], pcm[..2]);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public void Extensible_format_says_its_coding_further_behind(int coding, bool isTaken)
    {
        byte[] format = [.. Format(0xFFFE, 1, 48_000, 32), .. new byte[24]];
        format[16] = 22;
        BinaryPrimitives.WriteInt16LittleEndian(format.AsSpan(24), (short)coding);
        ((ReadOnlySpan<byte>)[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]).CopyTo(format.AsSpan(26));
        byte[] wav = Wav(format, new byte[16]);
        if (isTaken) Assert.NotNull(Read(wav));
        else Assert.Contains($"WAV format {coding}", Assert.Throws<SoundFormatException>(() => Read(wav)).Message,
            StringComparison.Ordinal);
        // Where the header ends before it could say so, it is what it says first.
        Assert.Contains("WAV format 65534", Assert.Throws<SoundFormatException>(() =>
            Read(Wav(Format(0xFFFE, 1, 48_000, 32), new byte[16]))).Message, StringComparison.Ordinal);
        format.AsSpan(26, 14).Clear(); // the rest of the coding is zero, which is no kind of samples that there is
        Assert.Throws<SoundFormatException>(() => Read(Wav(format, new byte[16])));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(0)]
    public void Format_that_is_cut_off_is_said_to_be(int length) =>
        Assert.Contains("cut off", Assert.Throws<SoundFormatException>(() =>
            Read(Riff([Chunk("fmt ", Format(1, 1, 48_000, 16)[..length])]))).Message, StringComparison.Ordinal);

    [Fact]
    public void Samples_before_any_format_and_a_file_without_samples_are_named()
    {
        Assert.Contains("no format before", Assert.Throws<SoundFormatException>(() => Read(Riff([Chunk("data", new byte[8])]))).Message,
            StringComparison.Ordinal);
        Assert.Contains("no samples", Assert.Throws<SoundFormatException>(() =>
            Read(Riff([Chunk("fmt ", Format(1, 1, 48_000, 16))]))).Message, StringComparison.Ordinal);
        byte[] aiff = Aiff(1, 48_000, 16, new byte[8]);
        byte[] inWav = Riff([Chunk("COMM", aiff[20..38]), Chunk("data", new byte[8])]);
        Assert.Contains("no format", Assert.Throws<SoundFormatException>(() => Read(inWav)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false)] // what it says is there, to the byte
    [InlineData(1, true)]
    [InlineData(-2, false)] // there is more behind it
    public void Data_that_ends_before_it_should_is_cut_off(int more, bool isCutOff)
    {
        byte[] file = Wav(Format(1, 1, 48_000, 16), new byte[8]);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), 8 + more);
        SoundFileHeader header = Read(file);
        Assert.Equal(isCutOff, header.IsCutOff);
        Assert.Equal((44, isCutOff ? 4 : (8 + more) / 2), (header.DataAt, header.SampleCount));
    }

    [Fact]
    public void Empty_file_whose_lengths_were_written_is_empty_and_not_cut_off()
    {
        Assert.False(Read(Wav(Format(1, 1, 48_000, 16), [])).IsCutOff);
        byte[] unwritten = Wav(Format(1, 1, 48_000, 16), new byte[100]);
        unwritten.AsSpan(4, 4).Clear();
        unwritten.AsSpan(40, 4).Clear();
        Assert.True(Read(unwritten).IsCutOff);
    }

    [Fact]
    public void Length_of_the_whole_that_was_never_written_hides_no_samples()
    {
        byte[] file = Wav(Format(1, 1, 48_000, 16), [1, 2, 3, 4]);
        file.AsSpan(4, 4).Clear();
        AssertGives([0x0201, 0x0403], false, file);
    }

    [Theory]
    [InlineData(0)] // without the byte that makes its length even
    [InlineData(1)]
    [InlineData(4)] // cut off within the header of the next chunk
    public void Odd_Aiff_gives_its_last_sample_whatever_is_behind_it(int bytesBehind)
    {
        byte[] file = [.. Aiff(1, 48_000, 8, [1, 2, 3, 4, 5]), .. new byte[bytesBehind]];
        AssertGives([256, 512, 768, 1024, 1280], false, file);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    [InlineData(5, 2)]
    public void Aiff_that_is_cut_off_at_any_byte_gives_what_it_has(int lost, int samples)
    {
        byte[] file = Aiff(1, 48_000, 16, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
        short[] expected = [256, 512, 768, 1024, 1280];
        AssertGives(expected[..samples], true, file[..^lost]);
    }

    [Theory]
    [InlineData("COMM SSND", 0)]
    [InlineData("SSND COMM", 0)]
    [InlineData("NAME SSND MARK COMM", 0)]
    [InlineData("SSND NAME COMM", 6)]
    [InlineData("COMM SSND NAME", 6)]
    public void Aiff_has_its_chunks_in_any_order_and_its_samples_where_it_says(string order, byte offset)
    {
        byte[] whole = Aiff(2, 48_000, 16, []);
        byte[] sound = [0, 0, 0, offset, 0, 0, 0, 0, .. Enumerable.Repeat((byte)0x55, offset), 0, 1, 0xFF, 0xFE, 0x7F, 0xFF, 0x80, 0];
        Dictionary<string, byte[]> chunks = new()
        {
            ["COMM"] = whole[12..38],
            ["SSND"] = AiffChunk("SSND", sound),
            ["NAME"] = [.. AiffChunk("NAME", [.. "Ada"u8]), 0],
            ["MARK"] = AiffChunk("MARK", [0, 0]),
        };
        SoundFileReader reader = new(new MemoryStream(Form([.. order.Split(' ').Select(name => chunks[name])])));
        short[] pcm = new short[10];
        Assert.Equal((2, 2L, false), (reader.Read(pcm), reader.Length, reader.IsCutOff));
        Assert.Equal([1, -2, short.MaxValue, short.MinValue], pcm[..4]);
    }

    [Fact]
    public void Aiff_without_format_or_with_samples_behind_their_end_is_refused()
    {
        byte[] sound = AiffChunk("SSND", new byte[16]);
        Assert.Contains("no format", Assert.Throws<SoundFormatException>(() => Read(Form([sound]))).Message, StringComparison.Ordinal);
        sound[11] = 9;
        byte[] file = Form([sound, Aiff(1, 48_000, 16, [])[12..38]]);
        Assert.Contains("behind their end", Assert.Throws<SoundFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
        sound[11] = 8;
        Assert.Equal(0, Read(Form([sound, Aiff(1, 48_000, 16, [])[12..38]])).SampleCount);
    }

    /// <summary>Samples of any width stand in the upper bits of whole bytes; s16 are the upper 16 of them.</summary>
    [Theory]
    [InlineData(20, 3, new byte[] { 0x10, 0x34, 0x12, 0xF0, 0xCB, 0xED }, new short[] { 0x1234, -0x1234 })]
    [InlineData(12, 2, new byte[] { 0x30, 0x12, 0xD0, 0xED }, new short[] { 0x1230, -0x1230 })]
    [InlineData(24, 4, new byte[] { 0, 0x10, 0x34, 0x12, 0, 0xF0, 0xCB, 0xED }, new short[] { 0x1234, -0x1234 })]
    public void Samples_that_do_not_fill_their_bytes_stand_in_the_upper_bits(int bits, int width, byte[] little, short[] expected)
    {
        byte[] format = Format(1, 1, 48_000, bits);
        format[12] = (byte)width;
        AssertGives(expected, false, Wav(format, little));
        if (width != (bits + 7) / 8) return; // AIFF takes no more bytes than it needs
        AssertGives(expected, false, Aiff(1, 48_000, bits, [.. little.Chunk(width).SelectMany(sample => sample.Reverse())]));
    }

    [Theory]
    [InlineData(16, 1)]
    [InlineData(20, 2)]
    [InlineData(24, 5)]
    [InlineData(24, 0)]
    public void Bytes_that_do_not_fit_the_bits_are_refused(int bits, int width)
    {
        byte[] format = Format(1, 1, 48_000, bits);
        format[12] = (byte)width;
        Assert.Contains($"{width} bytes per sample", Assert.Throws<SoundFormatException>(() => Read(Wav(format, new byte[60]))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RF64", 4, 76, false)]
    [InlineData("BW64", 4, 76, false)]
    [InlineData("RF64", 1000, 76, true)]
    [InlineData("RF64", 0, 0, true)]
    [InlineData("BW64", 0, 0, true)]
    [InlineData("RF64", -1, -1, true)]
    [InlineData("RF64", long.MaxValue, long.MaxValue, true)]
    [InlineData("RF64", 4, 0, false)]
    public void Long_lengths_are_taken_where_the_file_has_so_much(string letters, long data, long whole, bool isCutOff) =>
        AssertGives([0x0201, 0x0403], isCutOff, Rf64(letters, whole, data, [1, 2, 3, 4]));

    [Theory]
    [InlineData(0, 4, false)]
    [InlineData(-1, -1, true)]
    public void Rf64_without_long_lengths_is_read_by_its_short_ones(int whole, int data, bool isCutOff)
    {
        byte[] file = Wav(Format(1, 1, 48_000, 16), [1, 2, 3, 4]);
        "BW64"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), whole);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), data);
        AssertGives([0x0201, 0x0403], isCutOff, file);
    }

    [Fact]
    public void Rf64_of_five_of_its_eight_gigabytes_is_as_long_as_it_is()
    {
        const long Samples = 5L << 29;
        using TempFolder folder = new();
        byte[] head = Rf64("RF64", (8L << 30) + 72, 8L << 30, []);
        using FileStream file = new(folder.Combine("long.wav"), FileMode.Create);
        file.Write(head);
        file.SetLength(head.Length + (Samples * 2)); // nothing of it takes room on the disk
        SoundFileReader reader = new(file);
        Assert.Equal((Samples, true), (reader.Length, reader.IsCutOff));
    }

    private static void AssertGives(short[] expected, bool isCutOff, byte[] file)
    {
        SoundFileReader reader = new(new MemoryStream(file));
        Assert.Equal((expected.Length, isCutOff), (reader.Length, reader.IsCutOff));
        short[] pcm = new short[100];
        Assert.Equal(expected, pcm[..reader.Read(pcm)]);
    }

    private static SoundFileHeader Read(byte[] file) => SoundFileHeader.Read(new MemoryStream(file));

    private static byte[] Wav(byte[] format, byte[] data) => Riff([Chunk("fmt ", format), Chunk("data", data)]);

    private static byte[] Riff(byte[][] chunks)
    {
        byte[] body = [.. "WAVE"u8, .. chunks.SelectMany(chunk => chunk)];
        byte[] file = [.. "RIFF"u8, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), body.Length);
        return file;
    }

    private static byte[] Rf64(string letters, long whole, long data, byte[] samples)
    {
        byte[] lengths = new byte[28];
        BinaryPrimitives.WriteInt64LittleEndian(lengths, whole);
        BinaryPrimitives.WriteInt64LittleEndian(lengths.AsSpan(8), data);
        byte[] file = Riff([Chunk("ds64", lengths), Chunk("fmt ", Format(1, 1, 48_000, 16)), Chunk("data", samples)]);
        Encoding.ASCII.GetBytes(letters).CopyTo(file, 0);
        foreach (int at in (int[])[4, file.Length - samples.Length - 4]) file.AsSpan(at, 4).Fill(0xFF);
        return file;
    }

    private static byte[] Chunk(string name, byte[] body)
    {
        byte[] chunk = [.. Encoding.ASCII.GetBytes(name), 0, 0, 0, 0, .. body, .. new byte[body.Length % 2]];
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(4), body.Length);
        return chunk;
    }

    private static byte[] Format(int coding, int channels, int rate, int bits)
    {
        byte[] format = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)coding);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(4), rate);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(8), rate * channels * ((bits + 7) / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * ((bits + 7) / 8)));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        return format;
    }

    // COMM is at byte 12, its body at 20.
    private static byte[] Aiff(int channels, int rate, int bits, byte[] data)
    {
        byte[] common = new byte[18];
        BinaryPrimitives.WriteUInt16BigEndian(common, (ushort)channels);
        BinaryPrimitives.WriteUInt16BigEndian(common.AsSpan(6), (ushort)bits);
        int exponent = 31 - System.Numerics.BitOperations.LeadingZeroCount((uint)rate);
        BinaryPrimitives.WriteUInt16BigEndian(common.AsSpan(8), (ushort)(exponent + 16_383));
        BinaryPrimitives.WriteUInt32BigEndian(common.AsSpan(10), (uint)rate << (31 - exponent));
        return Form([AiffChunk("COMM", common), AiffChunk("SSND", [.. new byte[8], .. data])]);
    }

    private static byte[] Form(byte[][] chunks)
    {
        byte[] body = [.. "AIFF"u8, .. chunks.SelectMany(chunk => chunk)];
        byte[] file = [.. "FORM"u8, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4), body.Length);
        return file;
    }

    private static byte[] AiffChunk(string name, byte[] body)
    {
        byte[] chunk = [.. Encoding.ASCII.GetBytes(name), 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(chunk.AsSpan(4), body.Length);
        return chunk;
    }
}
