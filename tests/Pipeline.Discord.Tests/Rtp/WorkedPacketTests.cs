using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

/// <summary>Bytes made outside this code base: transport key 00..1f, one extension word, a silence marker, four bytes of padding.</summary>
public sealed class WorkedPacketTests
{
    private const string Header = "b078000a000003c000002694bede0001";
    private const string AesGcm = Header + "96f0646d6d1739323fff7d" + "72d24adfb627527203f2ef9460d0fe1e" + "0000002a";
    private const string XChaCha20 = Header + "77e4f426014581d435fa17" + "f3ec862344b91d39afd2697dfc9ae816" + "0000002a";

    [Theory]
    [InlineData(AesGcm, false)]
    [InlineData(XChaCha20, true)]
    public void Worked_packet_yields_the_silence_marker(string hex, bool useXChaCha20)
    {
        byte[] datagram = Convert.FromHexString(hex);
        using ITransportCipher cipher = Unwrapping.Cipher(useXChaCha20);

        Assert.True(RtpPacket.TryParse(datagram, out RtpPacket packet, out _));
        Assert.Equal((ushort)10, packet.SequenceNumber);
        Assert.Equal(960u, packet.Timestamp);
        Assert.Equal(9876u, packet.Ssrc);
        Assert.Equal((ushort)1, packet.ExtensionWords);
        Assert.True(packet.HasPadding);
        Assert.False(packet.Marker);
        Assert.Equal(0x78, packet.PayloadType);
        Assert.Equal(DropReason.None, Unwrapping.Open(datagram, cipher, out byte[] frame));
        Assert.Equal("F8FFFE", Convert.ToHexString(frame));
        Assert.True(RtpPayload.IsSilence(frame));
    }

    [Theory]
    [InlineData(AesGcm, false)]
    [InlineData(XChaCha20, true)]
    public void Every_flipped_bit_is_refused(string hex, bool useXChaCha20)
    {
        using ITransportCipher cipher = Unwrapping.Cipher(useXChaCha20);
        byte[] datagram = Convert.FromHexString(hex);
        for (int bit = 0; bit < datagram.Length * 8; bit++)
        {
            byte[] damaged = [.. datagram];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(DropReason.None, Unwrapping.Open(damaged, cipher, out _));
        }
        Assert.Equal(DropReason.None, Unwrapping.Open(datagram, cipher, out _));
    }

    [Theory]
    [InlineData(AesGcm, false)]
    [InlineData(XChaCha20, true)]
    public void Every_truncation_is_refused(string hex, bool useXChaCha20)
    {
        using ITransportCipher cipher = Unwrapping.Cipher(useXChaCha20);
        byte[] datagram = Convert.FromHexString(hex);
        for (int length = 0; length < datagram.Length; length++)
        {
            DropReason reason = Unwrapping.Open(datagram.AsSpan(0, length), cipher, out _);
            Assert.True(reason is DropReason.TooShort or DropReason.TruncatedHeader or DropReason.NotAuthentic or DropReason.KeepaliveEcho,
                $"{length}: {reason}");
        }
    }

    [Theory]
    [InlineData(false, AesGcm)]
    [InlineData(true, XChaCha20)]
    public void The_test_builder_writes_the_same_bytes(bool useXChaCha20, string hex)
    {
        RtpPacketBuilder builder = new() { UseXChaCha20 = useXChaCha20, Extension = [0x10, 0xFF, 0x90, 0x02], Padding = 4, Suffix = 42 };
        Assert.Equal(hex, Convert.ToHexStringLower(builder.Build()));
    }
}
