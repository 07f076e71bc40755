using System.IO.Hashing;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Tests.Render;

public sealed class Crc32JoinTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 5)]
    [InlineData(7, 1)]
    [InlineData(1000, 100_003)]
    public void Joined_checksums_are_that_of_the_whole(int first, int second)
    {
        byte[] bytes = new byte[first + second];
        new Random(3).NextBytes(bytes);
        Assert.Equal(Crc32.HashToUInt32(bytes),
            Crc32Join.Join(Crc32.HashToUInt32(bytes.AsSpan(0, first)), Crc32.HashToUInt32(bytes.AsSpan(first)), second));
    }
}
