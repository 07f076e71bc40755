using NSec.Cryptography;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// aead_xchacha20_poly1305_rtpsize (draft-irtf-cfrg-xchacha-03). Transport key 32 B, nonce 24 B = suffix (4) || zeros (20), tag 16 B.
/// Every server offers it.
/// </summary>
public sealed class XChaCha20TransportCipher : ITransportCipher
{
    private const int NonceLength = 24;

    private static readonly AeadAlgorithm Algorithm = AeadAlgorithm.XChaCha20Poly1305;

    private readonly Key key;
    private readonly byte[] nonce = new byte[NonceLength];

    /// <param name="transportKey">32 bytes; copied into guarded memory.</param>
    public XChaCha20TransportCipher(ReadOnlySpan<byte> transportKey)
    {
        TransportKey.CheckLength(transportKey);
        key = Key.Import(Algorithm, transportKey, KeyBlobFormat.RawSymmetricKey);
    }

    public bool TryOpen(in RtpPacket packet, Span<byte> plaintext)
    {
        packet.NonceSuffix.CopyTo(nonce);
        return Algorithm.Decrypt(key, nonce, packet.Header, packet.Sealed, plaintext);
    }

    public void Seal(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> suffix, Span<byte> sealedPayload)
    {
        suffix[..RtpPacket.SuffixLength].CopyTo(nonce);
        Algorithm.Encrypt(key, nonce, header, payload, sealedPayload[..(payload.Length + RtpPacket.TagLength)]);
    }

    public void Dispose() => key.Dispose();
}
