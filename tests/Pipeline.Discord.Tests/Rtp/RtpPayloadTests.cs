using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class RtpPayloadTests
{
    private static readonly byte[] Speech = [.. Enumerable.Range(0, 120).Select(i => (byte)(i * 7 + 0x78))];

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public void Padding_count_of_zero_or_beyond_the_payload_is_malformed(byte claimed) =>
        AssertDropped(DropReason.BadPadding, new RtpPacketBuilder { Padding = 4, ClaimedPadding = claimed });

    [Fact]
    public void Padding_over_an_empty_body_is_malformed() =>
        AssertDropped(DropReason.BadPadding,
            new RtpPacketBuilder { Payload = [], Extension = [1, 2, 3, 4, 9, 9, 9, 9], Padding = 4, ClaimedWords = 3 });

    [Fact]
    public void Extension_longer_than_the_packet_is_refused() =>
        AssertDropped(DropReason.ExtensionTooLong, new RtpPacketBuilder { Extension = [1, 2, 3, 4], ClaimedWords = 9999 });

    [Fact]
    public void Nothing_but_padding_is_dropped_by_its_own_name() =>
        AssertDropped(DropReason.PaddingOnly, new RtpPacketBuilder { Payload = [], Padding = 16 });

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0000000000")]
    [InlineData("00000005")]
    [InlineData("00050000")]
    public void Zero_packets_are_dropped(string hex) =>
        AssertDropped(DropReason.ZeroPacket, new RtpPacketBuilder { Payload = Convert.FromHexString(hex) });

    [Theory]
    [InlineData("0001000001")]
    [InlineData("0102")]
    [InlineData("78")]
    [InlineData("7800")]
    public void Short_frames_that_are_not_zeros_pass(string hex) =>
        AssertFrame(Convert.FromHexString(hex), new RtpPacketBuilder { Payload = Convert.FromHexString(hex) });

    [Fact]
    public void Many_contributing_sources_in_a_short_datagram_are_refused()
    {
        byte[] datagram = new RtpPacketBuilder { Payload = [1] }.Build();
        datagram[0] |= 0x0F;
        using ITransportCipher cipher = Unwrapping.Cipher(useXChaCha20: false);
        Assert.Equal(DropReason.TruncatedHeader, Unwrapping.Open(datagram, cipher, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Extension_of_any_length_comes_off(int words) =>
        AssertFrame(Speech, new RtpPacketBuilder { Payload = Speech, Extension = [.. Enumerable.Repeat((byte)0x51, 4 * words)] });

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    public void Contributing_sources_come_off(int count) =>
        AssertFrame(Speech,
            new RtpPacketBuilder
            {
                Payload = Speech,
                Csrcs = [.. Enumerable.Range(1, count).Select(i => (uint)i)],
                Extension = [1, 2, 3, 4],
                Padding = 3
            });

    [Fact]
    public void Marker_does_not_hide_audio() => AssertFrame(Speech, new RtpPacketBuilder { Payload = Speech, Marker = true });

    [Fact]
    public void Padding_of_one_byte_comes_off() => AssertFrame(Speech, new RtpPacketBuilder { Payload = Speech, Padding = 1 });

    [Fact]
    public void Padding_of_255_bytes_comes_off() => AssertFrame(Speech, new RtpPacketBuilder { Payload = Speech, Padding = 255 });

    private static void AssertFrame(byte[] expected, RtpPacketBuilder builder)
    {
        foreach (bool useXChaCha20 in (bool[])[false, true])
        {
            using ITransportCipher cipher = Unwrapping.Cipher(useXChaCha20);
            Assert.Equal(DropReason.None,
                Unwrapping.Open((builder with { UseXChaCha20 = useXChaCha20 }).Build(), cipher, out byte[] frame));
            Assert.Equal(expected, frame);
        }
    }

    private static void AssertDropped(DropReason expected, RtpPacketBuilder builder)
    {
        foreach (bool useXChaCha20 in (bool[])[false, true])
        {
            using ITransportCipher cipher = Unwrapping.Cipher(useXChaCha20);
            Assert.Equal(expected, Unwrapping.Open((builder with { UseXChaCha20 = useXChaCha20 }).Build(), cipher, out _));
        }
    }
}
