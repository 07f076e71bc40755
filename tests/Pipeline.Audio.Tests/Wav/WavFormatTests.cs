using System.Buffers.Binary;
using System.Text;
using Pipeline.Audio.Wav;

namespace Pipeline.Audio.Tests.Wav;

public sealed class WavFormatTests
{
    [Theory]
    [InlineData(1, 48_000, 96_000, 2)]
    [InlineData(2, 48_000, 192_000, 4)]
    [InlineData(2, 384_000, 1_536_000, 4)]
    public void Header_has_its_bytes_as_the_format_says(int channels, int rate, int bytesPerSecond, int block)
    {
        byte[] header = new byte[WavFormat.HeaderSize];
        new WavFormat(channels, rate).WriteHeader(header, 1000);
        Assert.Equal("RIFF", Encoding.ASCII.GetString(header, 0, 4));
        Assert.Equal("WAVEfmt ", Encoding.ASCII.GetString(header, 8, 8));
        Assert.Equal("data", Encoding.ASCII.GetString(header, 36, 4));
        Assert.Equal([1036, 16, 1 | (channels << 16), rate, bytesPerSecond, block | (16 << 16), 1000],
            new[] { 4, 16, 20, 24, 28, 32, 40 }.Select(at => BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(at))));
        Assert.True(WavFormat.TryReadHeader(header, out WavFormat read));
        Assert.Equal(new WavFormat(channels, rate), read);
    }

    [Fact]
    public void Longest_file_is_what_its_lengths_can_say()
    {
        byte[] header = new byte[WavFormat.HeaderSize];
        new WavFormat(2, 48_000).WriteHeader(header, WavFormat.MaximumDataBytes);
        Assert.True(BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) > uint.MaxValue - 4);
        Assert.Throws<OverflowException>(() => new WavFormat(2, 48_000).WriteHeader(header, uint.MaxValue + 1L));
    }

    [Theory]
    [InlineData(0, "riff")]
    [InlineData(8, "WAVEfmt-")]
    [InlineData(36, "DATA")]
    [InlineData(20, "\u0003\0")] // floats
    [InlineData(22, "\0\0")] // channels
    [InlineData(22, "\u0003\0")]
    [InlineData(24, "\0\0\0\0")] // rate
    [InlineData(24, "\u0001\u00DC\u0005\0")] // 384,001 Hz
    [InlineData(34, "\u0018\0")] // 24 bits
    public void Header_of_another_kind_is_not_ours(int at, string bytes)
    {
        byte[] header = new byte[WavFormat.HeaderSize];
        new WavFormat(2, 48_000).WriteHeader(header, 0);
        Encoding.Latin1.GetBytes(bytes).CopyTo(header, at);
        Assert.False(WavFormat.TryReadHeader(header, out _));
    }

    [Fact]
    public void Header_that_is_cut_off_is_not_ours()
    {
        byte[] header = new byte[WavFormat.HeaderSize];
        new WavFormat(1, 48_000).WriteHeader(header, 0);
        Assert.False(WavFormat.TryReadHeader(header.AsSpan(0, WavFormat.HeaderSize - 1), out _));
    }
}
