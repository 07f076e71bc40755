using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

/// <summary>Runs a datagram through the product's steps in the media path's order and tells where it ended.</summary>
internal static class Unwrapping
{
    public static DropReason Open(ReadOnlySpan<byte> datagram, ITransportCipher cipher, out byte[] frame)
    {
        frame = [];
        DropReason reason = DatagramKinds.Classify(datagram).ToDropReason();
        if (reason != DropReason.None) return reason;
        if (!RtpPacket.TryParse(datagram, out RtpPacket packet, out reason)) return reason;
        byte[] plaintext = new byte[packet.PlaintextLength];
        if (!cipher.TryOpen(packet, plaintext)) return DropReason.NotAuthentic;
        reason = RtpPayload.Unwrap(packet, plaintext, out ReadOnlySpan<byte> unwrapped);
        frame = unwrapped.ToArray();
        return reason;
    }

    public static ITransportCipher Cipher(bool useXChaCha20) =>
        new TransportKey(useXChaCha20 ? TransportKey.XChaCha20Mode : TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey)
            .CreateCipher();
}
