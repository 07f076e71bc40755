using System.Security.Cryptography;
using NSec.Cryptography;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// aead_aes256_gcm_rtpsize. Transport key 32 B, nonce 12 B = suffix (4) || zeros (8), tag 16 B. One reused <see cref="AesGcm"/>:
/// a new one per packet costs more than twice as much.
/// </summary>
/// <remarks>
/// <see cref="AesGcm.Decrypt(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte}, ReadOnlySpan{byte})"/> reports a
/// wrong tag by an exception, several times the price of a good packet. After one, the next packets are opened by libsodium, which says
/// false: a flood of forgeries costs less than as many good packets, and allocates nothing. Processors without AES instructions keep the
/// exceptions.
/// </remarks>
public sealed class AesGcmTransportCipher : ITransportCipher
{
    private const int NonceLength = 12;
    private const int CarefulPackets = 4096;

    private readonly AesGcm gcm;
    private readonly Key? carefulKey;
    private readonly byte[] nonce = new byte[NonceLength];
    private int carefulPacketsLeft;

    /// <param name="transportKey">32 bytes.</param>
    public AesGcmTransportCipher(ReadOnlySpan<byte> transportKey)
    {
        TransportKey.CheckLength(transportKey);
        gcm = new AesGcm(transportKey, RtpPacket.TagLength);
        if (Aes256Gcm.IsSupported) carefulKey = Key.Import(AeadAlgorithm.Aes256Gcm, transportKey, KeyBlobFormat.RawSymmetricKey);
    }

    public bool TryOpen(in RtpPacket packet, Span<byte> plaintext)
    {
        packet.NonceSuffix.CopyTo(nonce);
        if (carefulPacketsLeft > 0 && carefulKey is not null) return TryOpenCarefully(packet, plaintext);
        try
        {
            gcm.Decrypt(nonce, packet.Sealed[..^RtpPacket.TagLength], packet.Sealed[^RtpPacket.TagLength..], plaintext, packet.Header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            carefulPacketsLeft = CarefulPackets;
            return false;
        }
    }

    public void Seal(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> suffix, Span<byte> sealedPayload)
    {
        suffix[..RtpPacket.SuffixLength].CopyTo(nonce);
        gcm.Encrypt(nonce, payload, sealedPayload[..payload.Length], sealedPayload.Slice(payload.Length, RtpPacket.TagLength), header);
    }

    public void Dispose()
    {
        gcm.Dispose();
        carefulKey?.Dispose();
    }

    private bool TryOpenCarefully(in RtpPacket packet, Span<byte> plaintext)
    {
        bool isAuthentic = AeadAlgorithm.Aes256Gcm.Decrypt(carefulKey!, nonce, packet.Header, packet.Sealed, plaintext);
        carefulPacketsLeft = isAuthentic ? carefulPacketsLeft - 1 : CarefulPackets;
        return isAuthentic;
    }
}
