using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class RtpSenderTests
{
    [Theory]
    [InlineData(TransportKey.AesGcmMode)]
    [InlineData(TransportKey.XChaCha20Mode)]
    public void Silence_packets_open_again_and_never_repeat_a_nonce(string mode)
    {
        using TransportKey key = new(mode, new RtpPacketBuilder().TransportKey);
        using RtpSender sender = new(key, ssrc: 77, firstSequenceNumber: 65535, firstTimestamp: uint.MaxValue - 100);
        using ITransportCipher cipher = key.CreateCipher();
        HashSet<string> nonces = [];
        byte[] datagram = new byte[RtpSender.SilencePacketLength];
        for (uint i = 0; i < 5; i++)
        {
            sender.WriteSilence(datagram);
            Assert.True(RtpPacket.TryParse(datagram, out RtpPacket packet, out _));
            Assert.Equal((ushort)(65535 + i), packet.SequenceNumber);
            Assert.Equal(unchecked(uint.MaxValue - 100 + 960 * i), packet.Timestamp);
            Assert.Equal(77u, packet.Ssrc);
            Assert.True(nonces.Add(Convert.ToHexString(packet.NonceSuffix)));
            Assert.Equal(DropReason.None, Unwrapping.Open(datagram, cipher, out byte[] frame));
            Assert.True(RtpPayload.IsSilence(frame));
        }
    }
}
