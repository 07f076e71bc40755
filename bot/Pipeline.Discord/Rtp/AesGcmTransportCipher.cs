using System.Security.Cryptography;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// aead_aes256_gcm_rtpsize. Transport key 32 B, nonce 12 B = suffix (4) || zeros (8), tag 16 B. One reused <see cref="AesGcm"/>:
/// a new one per packet costs more than twice as much.
/// </summary>
/// <remarks>
/// <see cref="AesGcm.Decrypt(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte}, ReadOnlySpan{byte})"/> reports a
/// wrong tag by an exception, several times the price of a good packet. After one, the next packets are therefore opened by encrypting
/// (CTR is its own inverse) and comparing tags: 0 B and no exception under a flood of forgeries, full speed when there is none.
/// </remarks>
public sealed class AesGcmTransportCipher : ITransportCipher
{
    private const int NonceLength = 12;
    private const int CarefulPackets = 512;

    private readonly AesGcm gcm;
    private readonly byte[] nonce = new byte[NonceLength];
    private readonly byte[] tag = new byte[RtpPacket.TagLength];
    private byte[] scratch = new byte[2048];
    private int carefulPacketsLeft;

    /// <param name="transportKey">32 bytes.</param>
    public AesGcmTransportCipher(ReadOnlySpan<byte> transportKey)
    {
        TransportKey.CheckLength(transportKey);
        gcm = new AesGcm(transportKey, RtpPacket.TagLength);
    }

    public bool TryOpen(in RtpPacket packet, Span<byte> plaintext)
    {
        packet.NonceSuffix.CopyTo(nonce);
        ReadOnlySpan<byte> ciphertext = packet.Sealed[..^RtpPacket.TagLength];
        ReadOnlySpan<byte> expectedTag = packet.Sealed[^RtpPacket.TagLength..];
        if (carefulPacketsLeft > 0) return TryOpenCarefully(packet.Header, ciphertext, expectedTag, plaintext);
        try
        {
            gcm.Decrypt(nonce, ciphertext, expectedTag, plaintext, packet.Header);
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
        CryptographicOperations.ZeroMemory(scratch);
    }

    private bool TryOpenCarefully(ReadOnlySpan<byte> header, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> expectedTag, Span<byte> plaintext)
    {
        if (scratch.Length < ciphertext.Length) scratch = new byte[ciphertext.Length];
        gcm.Encrypt(nonce, ciphertext, plaintext, tag);
        gcm.Encrypt(nonce, plaintext, scratch.AsSpan(0, plaintext.Length), tag, header);
        if (CryptographicOperations.FixedTimeEquals(tag, expectedTag))
        {
            carefulPacketsLeft--;
            return true;
        }
        CryptographicOperations.ZeroMemory(plaintext);
        carefulPacketsLeft = CarefulPackets;
        return false;
    }
}
