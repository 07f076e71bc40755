using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Pipeline.Audio.Mp3;

namespace Pipeline.Audio.Tests.Mp3;

/// <summary>The frame in front of the file, byte by byte, and what the encoder refuses.</summary>
public sealed class Mp3FrameTests
{
    [Theory]
    [InlineData(1, 64, 0x54, 0xC0, 4 + 17, 192)]
    [InlineData(2, 128, 0x94, 0x40, 4 + 32, 384)]
    [InlineData(2, 320, 0xE4, 0x40, 4 + 32, 960)]
    public void Info_frame_has_its_fields_where_players_look(int channels, int kilobits, byte third, byte fourth, int info, int length)
    {
        const long Frames = 1_000, Samples = (Frames * 1152) - 576 - 700;
        byte[] frame = Mp3Encoder.WriteInfoFrame(channels, kilobits, Frames, Samples);
        Assert.Equal((length, length), (frame.Length, Mp3Encoder.FrameBytes(kilobits)));
        Assert.Equal([0xFF, 0xFB, third, fourth], frame[..4]);
        Assert.All(frame[4..info], value => Assert.Equal(0, value));
        Assert.Equal("Info", Encoding.ASCII.GetString(frame, info, 4));
        Assert.Equal([3, 1000, (int)(1001 * length)],
            new[] { 4, 8, 12 }.Select(at => BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(info + at))));
        ReadOnlySpan<byte> lame = frame.AsSpan(info + 16);
        Assert.Equal("LAME3.100", Encoding.ASCII.GetString(lame[..9]));
        Assert.Equal((1, Math.Min(kilobits, 255)), (lame[9], lame[20]));
        Assert.Equal((576, 700), ((lame[21] << 4) | (lame[22] >> 4), ((lame[22] & 15) << 8) | lame[23]));
        Assert.Equal(1001 * length, BinaryPrimitives.ReadInt32BigEndian(lame[28..]));
        Assert.Equal(Crc16(frame.AsSpan(0, info + 16 + 34)), BinaryPrimitives.ReadUInt16BigEndian(lame[34..]));
        Assert.All(lame[36..].ToArray(), value => Assert.Equal(0, value));
    }

    /// <summary>A number of bytes that does not fit is left out: the frames tell the length.</summary>
    [Theory]
    [InlineData(1, 64, 22_369_620, true)] // 4 GiB less one frame, and the frame of the table itself
    [InlineData(1, 64, 22_369_621, false)]
    [InlineData(2, 128, 25_200_000, false)] // a week
    public void Number_of_bytes_is_there_where_it_fits(int channels, int kilobits, int frames, bool isThere)
    {
        byte[] frame = Mp3Encoder.WriteInfoFrame(channels, kilobits, frames, (frames * 1152L) - 576 - 700);
        int info = 4 + (channels == 1 ? 17 : 32), end = info + (isThere ? 16 : 12);
        Assert.Equal((isThere ? 3 : 1, frames), (BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(info + 4)),
            BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(info + 8))));
        uint bytes = isThere ? (uint)((frames + 1L) * frame.Length) : 0;
        if (isThere) Assert.Equal(bytes, BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(info + 12)));
        ReadOnlySpan<byte> lame = frame.AsSpan(end);
        Assert.Equal("LAME3.100", Encoding.ASCII.GetString(lame[..9]));
        Assert.Equal((576, 700), ((lame[21] << 4) | (lame[22] >> 4), ((lame[22] & 15) << 8) | lame[23]));
        Assert.Equal(bytes, BinaryPrimitives.ReadUInt32BigEndian(lame[28..]));
        Assert.Equal(Crc16(frame.AsSpan(0, end + 34)), BinaryPrimitives.ReadUInt16BigEndian(lame[34..]));
    }

    [Theory]
    [InlineData(0, 576 + 5, 0)] // fewer samples came out than went in
    [InlineData(10, 0, 4095)]
    public void Padding_stays_within_its_twelve_bits(long frames, long samples, int padding)
    {
        byte[] frame = Mp3Encoder.WriteInfoFrame(1, 64, frames, samples);
        ReadOnlySpan<byte> lame = frame.AsSpan(4 + 17 + 16);
        Assert.Equal((576, padding), ((lame[21] << 4) | (lame[22] >> 4), ((lame[22] & 15) << 8) | lame[23]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(321)]
    public void Bitrate_that_the_format_does_not_have_is_refused(int kilobits) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Mp3Encoder.WriteInfoFrame(1, kilobits, 1, 1));

    [Fact]
    public void Window_that_is_not_of_whole_frames_is_refused_unless_it_is_the_last()
    {
        Assert.SkipUnless(Mp3Encoder.IsAvailable, "libmp3lame is not installed");
        ArrayBufferWriter<byte> output = new();
        Assert.Contains("a pre-roll of 1152", Assert.Throws<ArgumentException>(() =>
            Mp3Encoder.Write(new short[2304], 1, 64, 1152, false, output)).Message, StringComparison.Ordinal);
        Assert.Contains("not of whole frames", Assert.Throws<ArgumentException>(() =>
            Mp3Encoder.Write(new short[1153], 1, 64, 0, false, output)).Message, StringComparison.Ordinal);
        Assert.Equal(0, output.WrittenCount);
        Assert.Equal(3, Mp3Encoder.Write(new short[4 * 1152], 1, 64, 0, false, output)); // it lags behind by one
        Assert.Equal(3 * 192, output.WrittenCount);
        output.Clear();
        int frames = Mp3Encoder.Write(new short[1153], 1, 64, 0, true, output);
        Assert.Equal(output.WrittenCount, frames * 192);
        Assert.InRange(frames, 2, 4);
    }

    // CRC-16 with polynomial x^16 + x^15 + x^2 + 1, the lowest bit first: a table-free second spelling.
    private static ushort Crc16(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            int next = ((bytes[bit / 8] >> (bit % 8)) & 1) ^ (crc & 1);
            crc >>= 1;
            if (next == 1) crc ^= 0xA001;
        }
        return (ushort)crc;
    }
}
