using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Tests.Opus;

/// <summary>Packets as RFC 6716 appendix B draws them, byte by byte.</summary>
public sealed class OpusSelfDelimitedTests
{
    public static TheoryData<string, string> Packets => new()
    {
        // One frame: its length comes in.
        { "08 03 AA BB CC", "08 AA BB CC" },
        { "08 00", "08" },
        // Two of one length: that of each.
        { "09 02 A1 A2 B1 B2", "09 A1 A2 B1 B2" },
        // Two of two lengths: the second one's, too.
        { "0A 01 02 A1 B1 B2", "0A 01 A1 B1 B2" },
        // Any number of one length.
        { "0B 03 02 A1 A2 B1 B2 C1 C2", "0B 03 A1 A2 B1 B2 C1 C2" },
        // … and 2 bytes of padding.
        { "0B 42 02 01 A1 B1 00 00", "0B 42 02 A1 B1 00 00" },
        // Any number of any length, the last one's, too.
        { "0B 83 01 02 03 A1 B1 B2 C1 C2 C3", "0B 83 01 02 A1 B1 B2 C1 C2 C3" },
        { "0B C2 01 01 02 A1 B1 B2 00", "0B C2 01 01 A1 B1 B2 00" },
    };

    [Theory]
    [MemberData(nameof(Packets))]
    public void Packet_is_taken_off_without_the_length_that_it_has_among_others(string delimited, string expected)
    {
        byte[] file = [.. Bytes(delimited), 0x77, 0x78];
        ReadOnlySpan<byte> rest = file;
        byte[] plain = new byte[file.Length];
        Assert.True(OpusSelfDelimited.TryTake(ref rest, plain, out int length));
        Assert.Equal(Bytes(expected), plain[..length]);
        Assert.Equal([0x77, 0x78], rest.ToArray());
        Assert.True(OpusPacket.IsWellFormed(plain.AsSpan(0, length), out _));
    }

    [Theory]
    [MemberData(nameof(Packets))]
    public void Packet_that_is_cut_off_is_none(string delimited, string expected)
    {
        byte[] whole = Bytes(delimited);
        byte[] plain = new byte[whole.Length];
        for (int length = 0; length < whole.Length; length++)
        {
            ReadOnlySpan<byte> rest = whole.AsSpan(0, length);
            Assert.False(OpusSelfDelimited.TryTake(ref rest, plain, out _), $"{length} bytes of {expected}");
        }
    }

    [Fact]
    public void Length_over_251_has_two_bytes_and_padding_may_have_many()
    {
        byte[] frame = [.. Enumerable.Range(0, 1000).Select(value => (byte)value)];
        AssertTaken([0x08, 252, 187, .. frame], [0x08, .. frame]); // 252 + 4 * 187
        AssertTaken([0x0B, 0x41, 255, 255, 3, 252, 187, .. frame, .. new byte[511]], [0x0B, 0x41, 255, 255, 3, .. frame, .. new byte[511]]);
    }

    [Fact]
    public void No_frames_are_no_packet()
    {
        ReadOnlySpan<byte> rest = [0x0B, 0x00, 0x00, 0x00];
        Assert.False(OpusSelfDelimited.TryTake(ref rest, new byte[4], out _));
    }

    private static void AssertTaken(byte[] delimited, byte[] expected)
    {
        ReadOnlySpan<byte> rest = delimited;
        byte[] plain = new byte[delimited.Length];
        Assert.True(OpusSelfDelimited.TryTake(ref rest, plain, out int length));
        Assert.Equal(expected, plain[..length]);
        Assert.True(rest.IsEmpty);
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
