using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Audio.Flac;

namespace Pipeline.Audio.Tests.Flac;

/// <summary>
/// The very bytes: windows of one file are encoded by different machines and versions, so the same samples have to give the same bytes. A
/// digest that changes says that files of before and after cannot be joined.
/// </summary>
public sealed class FlacBytesTests
{
    [Theory]
    [InlineData("voice", 1, 20 * FlacEncoder.BlockSize, "506708d40288e29b")]
    [InlineData("voice", 2, (20 * FlacEncoder.BlockSize) + 777, "664f31197467588b")]
    [InlineData("wide", 2, 10 * FlacEncoder.BlockSize, "36fd2649373215cd")]
    [InlineData("phase", 2, 4 * FlacEncoder.BlockSize, "8cd0b6fa806ae61e")]
    [InlineData("one side", 2, 4 * FlacEncoder.BlockSize, "2a359618cf4e1cbe")]
    [InlineData("steps", 1, 4 * FlacEncoder.BlockSize, "9edfa6b3ce270666")]
    [InlineData("ramp", 1, 4 * FlacEncoder.BlockSize, "9b0525d914a97c30")]
    [InlineData("noise", 2, 2 * FlacEncoder.BlockSize, "516ef722f31c1ade")]
    [InlineData("soft noise", 1, 4 * FlacEncoder.BlockSize, "f0e18c0279bc0d9b")]
    [InlineData("clicks", 1, 8 * FlacEncoder.BlockSize, "9915c5ea12ddadf3")]
    [InlineData("silence", 1, 2 * FlacEncoder.BlockSize, "e372c2d8098e2cda")]
    [InlineData("silence", 2, FlacEncoder.BlockSize + 1, "7d72a97eb6425102")]
    public void Same_samples_give_the_same_bytes_on_every_machine(string sound, int channels, int samples, string digest)
    {
        ArrayBufferWriter<byte> frames = new();
        new FlacEncoder(channels).Encode(Sound(sound, channels, samples), 0, frames);
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(frames.WrittenSpan))[..16]);
    }

    /// <summary>Blocks of every short length, where predictors have no room and partitions do not divide.</summary>
    [Fact]
    public void Short_blocks_of_every_length_give_the_same_bytes_too()
    {
        short[] sound = Sound("voice", 1, 5_000);
        ArrayBufferWriter<byte> frames = new();
        FlacEncoder encoder = new(1);
        for (int length = 1; length <= 80; length++) encoder.Encode(sound.AsSpan(length * 40, length), length, frames);
        Assert.Equal("d2b37eb43f4ec275", Convert.ToHexStringLower(SHA256.HashData(frames.WrittenSpan))[..16]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void More_channels_than_two_or_none_are_refused(int channels) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FlacEncoder(channels));

    [Fact]
    public void Header_has_its_bytes_as_the_format_says()
    {
        byte[] header = FlacStreamHeader.Write(2, 0x9_1234_5678, [new FlacSeekPoint(0, 0, 4608), new FlacSeekPoint(46_080, 99_999, 1000)],
            [new("TITLE", "Tisch ä"), new("ARTIST", "Ada")]);
        Assert.Equal("fLaC"u8, header.AsSpan(0, 4));
        Assert.Equal(34u, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4))); // kind 0, not the last
        ReadOnlySpan<byte> info = header.AsSpan(8, 34);
        Assert.Equal((4608, 4608), (BinaryPrimitives.ReadUInt16BigEndian(info), BinaryPrimitives.ReadUInt16BigEndian(info[2..])));
        ulong packed = BinaryPrimitives.ReadUInt64BigEndian(info[10..]);
        Assert.Equal((48_000UL, 1UL, 15UL, 0x9_1234_5678UL),
            (packed >> 44, (packed >> 41) & 7, (packed >> 36) & 31, packed & 0xF_FFFF_FFFF));
        Assert.Equal(0, info[4..10].ToArray().Concat(info[18..].ToArray()).Sum(value => value));

        ReadOnlySpan<byte> seek = header.AsSpan(42);
        Assert.Equal((3u << 24) | 36, BinaryPrimitives.ReadUInt32BigEndian(seek));
        Assert.Equal((46_080L, 99_999L, (ushort)1000), (BinaryPrimitives.ReadInt64BigEndian(seek[22..]),
            BinaryPrimitives.ReadInt64BigEndian(seek[30..]), BinaryPrimitives.ReadUInt16BigEndian(seek[38..])));
        ReadOnlySpan<byte> comments = seek[40..];
        Assert.Equal((0x84u << 24) | (uint)(comments.Length - 4), BinaryPrimitives.ReadUInt32BigEndian(comments));
        Assert.Equal(2, BinaryPrimitives.ReadInt32LittleEndian(comments[16..]));
        Assert.EndsWith("ARTIST=Ada", Encoding.UTF8.GetString(comments), StringComparison.Ordinal);
        Assert.Equal("TITLE=Tisch ä".Length + 1, BinaryPrimitives.ReadInt32LittleEndian(comments[20..])); // bytes, not letters
    }

    [Theory]
    [InlineData(20_000, 20_000, 1)]
    [InlineData(20_001, 10_001, 2)]
    [InlineData(50_000, 16_667, 3)]
    public void Seek_table_of_a_long_file_leaves_points_out_evenly(int points, int written, int step)
    {
        byte[] header = FlacStreamHeader.Write(1, 0,
            [.. Enumerable.Range(0, points).Select(point => new FlacSeekPoint(point * 4608L, point * 100L, 4608))], []);
        Assert.Equal((3u << 24) | (uint)(written * 18), BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(42)));
        Assert.Equal((0L, step * 4608L), (BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(46)),
            BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(46 + 18))));
        Assert.Equal((written - 1L) * step * 100, BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(46 + ((written - 1) * 18) + 8)));
    }

    // Whole numbers only: no machine has a sine of its own in it.
    private static short[] Sound(string kind, int channels, int samples)
    {
        uint seed = 12_345;
        short[] left = new short[samples], right = new short[samples];
        long[] string1 = [.. Enumerable.Range(0, 217).Select(_ => (long)Noise(ref seed) / 4)];
        long[] string2 = [.. Enumerable.Range(0, 151).Select(_ => (long)Noise(ref seed) / 8)];
        for (int i = 0; i < samples; i++)
        {
            long first = Pluck(string1, i), second = Pluck(string2, i);
            (left[i], right[i]) = kind switch
            {
                "voice" => ((short)(first + second), (short)(first + second)),
                "wide" => ((short)(first + (second / 2)), (short)((first / 2) + second)),
                "phase" => ((short)first, (short)(-first + (second / 64))),
                "one side" => ((short)(first / 8), (short)(Noise(ref seed) / 2)),
                "steps" => ((short)(i / 700 * 37), (short)0),
                "ramp" => ((short)((i * 7 % 60_000) - 30_000), (short)0),
                "noise" => ((short)Noise(ref seed), (short)Noise(ref seed)),
                "soft noise" => ((short)(Noise(ref seed) / 4096), (short)0),
                "clicks" => ((short)(i % 1_000 == 999 ? short.MinValue : i % 3), (short)0),
                _ => ((short)0, (short)0),
            };
        }
        if (channels == 1) return left;
        short[] pcm = new short[2 * samples];
        for (int i = 0; i < samples; i++) (pcm[2 * i], pcm[(2 * i) + 1]) = (left[i], right[i]);
        return pcm;
    }

    private static int Noise(ref uint seed)
    {
        seed = (seed * 1_664_525) + 1_013_904_223;
        return (short)(seed >> 16);
    }

    // A plucked string: a delay whose neighbours are averaged each time round.
    private static long Pluck(long[] delay, int i)
    {
        int at = i % delay.Length;
        long value = delay[at];
        delay[at] = ((value * 127) + (delay[(at + 1) % delay.Length] * 127)) / 255;
        if (i % 9_600 == 9_599) for (int k = 0; k < delay.Length; k++) delay[k] = ((k * 7_919L % 401) - 200) * 30;
        return value;
    }
}
