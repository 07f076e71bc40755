using Pipeline.Audio.Wav;

namespace Pipeline.Audio.Tests.Wav;

public sealed class PatchedStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(20)]
    public void Patches_are_seen_in_pieces_of_any_length_and_nothing_else_is_changed(int piece)
    {
        byte[] bytes = [.. Enumerable.Range(0, 20).Select(value => (byte)value)];
        using MemoryStream input = new([.. bytes]);
        using PatchedStream stream = new(input, [(2, [100, 101, 102, 103]), (17, [117, 118, 119])], 20);
        byte[] expected = [.. bytes];
        (expected[2], expected[3], expected[4], expected[5]) = (100, 101, 102, 103);
        (expected[17], expected[18], expected[19]) = (117, 118, 119);
        List<byte> read = [];
        byte[] buffer = new byte[piece];
        for (int count; (count = stream.Read(buffer, 0, piece)) > 0;) read.AddRange(buffer.AsSpan(0, count));
        Assert.Equal(expected, read);
        Assert.Equal((20L, 20L), (stream.Position, stream.Length));

        stream.Seek(4, SeekOrigin.Begin);
        Assert.Equal(102, stream.ReadByte());
        stream.Position = 6;
        Assert.Equal(6, stream.ReadByte());
        Assert.Equal(bytes, input.ToArray());
        Assert.Throws<NotSupportedException>(() => stream.Write([1], 0, 1));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
        Assert.Equal((true, true, false), (stream.CanRead, stream.CanSeek, stream.CanWrite));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void End_is_where_it_is_said_to_be_with_zeros_where_the_file_has_no_more(int length)
    {
        using MemoryStream input = new([1, 2, 3, 4]);
        using PatchedStream stream = new(input, [], length);
        byte[] buffer = new byte[10];
        Assert.Equal(length, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
        Assert.Equal(((byte[])[1, 2, 3, 4, 0])[..length], buffer[..length]);
        Assert.Equal((length, length - 1), (stream.Length, stream.Seek(-1, SeekOrigin.End)));
        Assert.Equal(buffer[length - 1], stream.ReadByte());
        Assert.Equal(-1, stream.ReadByte());
    }
}
