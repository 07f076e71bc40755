using Pipeline.DiscordSimulator.Media;

namespace Pipeline.DiscordSimulator.Tests.Media;

public sealed class RtpWireTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly MediaPacket Silence = new()
    {
        Ssrc = 9876,
        Sequence = 10,
        Timestamp = 960,
        Payload = MediaPacket.SilenceFrame,
    };

    [Theory]
    [InlineData(
        "aead_aes256_gcm_rtpsize",
        "b078000a000003c000002694bede000196f0646d6d1739323fff7d72d24adfb627527203f2ef9460d0fe1e0000002a")]
    [InlineData(
        "aead_xchacha20_poly1305_rtpsize",
        "b078000a000003c000002694bede000177e4f426014581d435fa17f3ec862344b91d39afd2697dfc9ae8160000002a")]
    public void Worked_packet_is_written_byte_for_byte(string mode, string expected)
    {
        using TransportCipher cipher = TransportCipher.Create(mode, Key);
        byte[] datagram = new byte[100];

        int length = RtpWire.Write(datagram, Silence, new PacketShape(1, 0, 4), cipher, 0x2A);

        Assert.Equal(expected, Convert.ToHexStringLower(datagram.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("aead_aes256_gcm_rtpsize")]
    [InlineData("aead_xchacha20_poly1305_rtpsize")]
    public void Every_shape_gives_its_payload_back(string mode)
    {
        using TransportCipher cipher = TransportCipher.Create(mode, Key);
        byte[] datagram = new byte[300];
        for (int words = 0; words <= 8; words++)
            for (int csrc = 0; csrc <= 15; csrc += 5)
                for (int padding = 0; padding <= 60; padding += 20)
                {
                    int length = RtpWire.Write(datagram, Silence, new PacketShape(words, csrc, padding), cipher, 7);
                    Assert.True(RtpWire.TryRead(datagram.AsSpan(0, length), cipher, default, out MediaPacket? packet));
                    Assert.Equal(MediaPacket.SilenceFrame.ToArray(), packet!.Payload.ToArray());
                }
    }

    [Fact]
    public void Altered_packet_does_not_open()
    {
        using TransportCipher cipher = TransportCipher.Create("aead_aes256_gcm_rtpsize", Key);
        byte[] datagram = new byte[100];
        int length = RtpWire.Write(datagram, Silence, new PacketShape(1, 0, 4), cipher, 0x2A);
        for (int i = 0; i < length; i++)
        {
            datagram[i] ^= 1;
            Assert.False(RtpWire.TryRead(datagram.AsSpan(0, length), cipher, default, out _), $"byte {i}");
            datagram[i] ^= 1;
        }

        for (int shorter = 0; shorter < length; shorter++)
            Assert.False(RtpWire.TryRead(datagram.AsSpan(0, shorter), cipher, default, out _), $"length {shorter}");
    }
}
