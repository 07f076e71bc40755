using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class DatagramKindTests
{
    [Theory]
    [InlineData(0x80, 0x78, DatagramKind.Audio)]
    [InlineData(0x90, 0xF8, DatagramKind.Audio)]
    [InlineData(0xBF, 0x78, DatagramKind.Audio)]
    [InlineData(0x80, 200, DatagramKind.Rtcp)]
    [InlineData(0x81, 201, DatagramKind.Rtcp)]
    [InlineData(0x80, 206, DatagramKind.Rtcp)]
    [InlineData(0x80, 207, DatagramKind.OtherPayload)]
    [InlineData(0x80, 0x65, DatagramKind.OtherPayload)]
    [InlineData(0x80, 0xE5, DatagramKind.OtherPayload)]
    [InlineData(0x80, 96, DatagramKind.OtherPayload)]
    [InlineData(0x40, 0x78, DatagramKind.NotRtp)]
    [InlineData(0x00, 0x02, DatagramKind.NotRtp)]
    public void First_two_bytes_tell_datagrams_apart(byte first, byte second, DatagramKind expected)
    {
        byte[] datagram = new byte[60];
        datagram[0] = first;
        datagram[1] = second;
        Assert.Equal(expected, DatagramKinds.Classify(datagram));
    }

    [Theory]
    [InlineData(0, DatagramKind.TooShort)]
    [InlineData(1, DatagramKind.TooShort)]
    [InlineData(8, DatagramKind.KeepaliveEcho)]
    [InlineData(31, DatagramKind.TooShort)]
    public void Short_datagrams_are_told_by_their_length(int length, DatagramKind expected) =>
        Assert.Equal(expected, DatagramKinds.Classify(new byte[length]));

    [Theory]
    [InlineData(32)]
    [InlineData(74)] // as long as an answer of IP discovery
    public void Audio_may_be_as_short_as_a_packet_can_be_or_as_long_as_something_else(int length)
    {
        byte[] datagram = new byte[length];
        (datagram[0], datagram[1]) = (0x80, 0x78);
        Assert.Equal(DatagramKind.Audio, DatagramKinds.Classify(datagram));
    }

    [Fact]
    public void Every_kind_but_audio_has_a_reason_to_count() =>
        Assert.All(Enum.GetValues<DatagramKind>(), kind =>
            Assert.Equal(kind == DatagramKind.Audio, kind.ToDropReason() == DropReason.None));
}
