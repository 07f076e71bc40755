using System.Buffers.Binary;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class ReplayGuardTests
{
    [Theory]
    [InlineData(true, 0u)]
    [InlineData(false, 0u)]
    [InlineData(true, uint.MaxValue - 700)]
    [InlineData(false, uint.MaxValue - 700)]
    [InlineData(false, 0x00FF_FF80u)]
    public void Counter_in_either_byte_order_passes_once_in_any_order_of_arrival(bool bigEndian, uint first)
    {
        ReplayGuard guard = new();
        uint[] numbers = [.. Enumerable.Range(0, 4000).Select(i => first + (uint)i)];
        new Random(5).Shuffle(numbers.AsSpan(0, 3)); // from the very first on
        for (int i = 100; i + 50 <= numbers.Length; i += 50) new Random(i).Shuffle(numbers.AsSpan(i, 50));
        Assert.All(numbers, number => Assert.True(Use(guard, 1, number, bigEndian)));
        Assert.All(numbers, number => Assert.False(Use(guard, 1, number, bigEndian)));
        Assert.True(Use(guard, 2, first, bigEndian)); // another source's own count
    }

    [Fact]
    public void What_lies_further_back_than_the_window_counts_as_used()
    {
        ReplayGuard guard = new();
        for (uint number = 0; number < 200_000; number += 2) Assert.True(Use(guard, 1, number, bigEndian: true));
        Assert.True(Use(guard, 1, 199_999, bigEndian: true));
        Assert.False(Use(guard, 1, 101, bigEndian: true));
        Assert.False(Use(guard, 1, 100, bigEndian: true));
        Assert.True(Use(guard, 1, 900_000_000, bigEndian: true));
        Assert.False(Use(guard, 1, 900_000_000, bigEndian: true));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(4_294_901_760u)] // the count wraps meanwhile
    public void Window_reaches_65535_numbers_back(uint first)
    {
        NonceWindow window = new();
        Assert.True(window.TryUse(first));
        Assert.True(window.TryUse(first + 65_535));
        Assert.False(window.TryUse(first));
        Assert.True(window.TryUse(first + 1));
        Assert.True(window.TryUse(first + 65_536)); // its place is the first one's
        Assert.False(window.TryUse(first));
        Assert.False(window.TryUse(first + 1));
        Assert.True(window.TryUse(first + 2));
        Assert.True(window.TryUse(first + 131_072)); // beyond all that is remembered
        Assert.False(window.TryUse(first + 65_536));
        Assert.True(window.TryUse(first + 65_537));
        Assert.False(window.TryUse(first + 65_537));
    }

    [Fact]
    public void Sender_without_a_counter_is_not_refused()
    {
        ReplayGuard guard = new();
        Random random = new(3);
        for (int i = 0; i < 5000; i++) Assert.True(Use(guard, 1, (uint)random.NextInt64(1L << 32), bigEndian: true));
    }

    /// <summary>A server that invents sources takes no memory without end, and no guard away from those that were there before.</summary>
    [Fact]
    public void Source_beyond_the_bound_is_taken_unguarded_and_the_others_stay_guarded()
    {
        ReplayGuard guard = new();
        for (uint number = 1; number <= 100; number++) Assert.True(Use(guard, 1, number, bigEndian: true)); // the order is known
        for (uint ssrc = 2; ssrc <= ReplayGuard.MaxSources + 1; ssrc++) Assert.True(Use(guard, ssrc, 100 + ssrc, bigEndian: true));
        const uint Beyond = ReplayGuard.MaxSources + 1;
        Assert.True(Use(guard, Beyond, 100 + Beyond, bigEndian: true));
        Assert.False(Use(guard, Beyond - 1, 100 + Beyond - 1, bigEndian: true));
        Assert.False(Use(guard, 1, 50, bigEndian: true));
        Assert.True(Use(guard, 1, 5000, bigEndian: true));
    }

    private static bool Use(ReplayGuard guard, uint ssrc, uint number, bool bigEndian)
    {
        byte[] datagram = new byte[40];
        datagram[0] = 0x80;
        datagram[1] = 0x78;
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(8), ssrc);
        if (bigEndian) BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(36), number);
        else BinaryPrimitives.WriteUInt32LittleEndian(datagram.AsSpan(36), number);
        Assert.True(RtpPacket.TryParse(datagram, out RtpPacket packet, out _));
        return guard.TryUse(packet);
    }
}
