using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Dave.Keys;

namespace Pipeline.Dave.Tests.Keys;

public sealed class FrameScratchTests
{
    private readonly FrameScratch scratch = new();

    [Fact]
    public void Four_parts_lie_side_by_side_and_grow_to_twice_what_does_not_fit()
    {
        Assert.Equal((false, 2_048), Rent(1));
        Assert.Equal((true, 2_048), Rent(2_048));
        Assert.Equal((false, 4_098), Rent(2_049));
        Assert.Equal((true, 4_098), Rent(4_098));
        Assert.Equal((false, 8_198), Rent(4_099));
        Assert.Equal((false, 65_507), Rent(40_000)); // no datagram is longer
        Assert.Equal((true, 65_507), Rent(65_507));
    }

    /// <summary>Whether it is the memory of the last time, and how far apart its parts are.</summary>
    private (bool IsKept, int Apart) Rent(int length)
    {
        scratch.Rent(length, out Span<byte> first, out Span<byte> second, out Span<byte> third, out Span<byte> fourth);
        Assert.Equal((length, length, length, length), (first.Length, second.Length, third.Length, fourth.Length));
        int apart = Between(first, second);
        Assert.Equal((2 * apart, 3 * apart), (Between(first, third), Between(first, fourth)));
        bool isKept = first[0] == 7;
        first[0] = 7;
        return (isKept, apart);
    }

    private static int Between(Span<byte> one, Span<byte> other) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(one), ref MemoryMarshal.GetReference(other));
}
