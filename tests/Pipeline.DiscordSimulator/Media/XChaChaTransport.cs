using NSec.Cryptography;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>aead_xchacha20_poly1305_rtpsize: key 32 bytes, nonce = suffix (4) and 20 zero bytes.</summary>
internal sealed class XChaChaTransport(ReadOnlySpan<byte> key) : TransportCipher
{
    private readonly Key secret = Key.Import(AeadAlgorithm.XChaCha20Poly1305, key, KeyBlobFormat.RawSymmetricKey);

    private protected override void Encrypt(
        ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, Span<byte> cipherAndTag)
    {
        Span<byte> nonce = stackalloc byte[24];
        suffix.CopyTo(nonce);
        AeadAlgorithm.XChaCha20Poly1305.Encrypt(secret, nonce, header, plain, cipherAndTag);
    }

    private protected override bool Decrypt(
        ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> cipherAndTag, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[24];
        suffix.CopyTo(nonce);
        return AeadAlgorithm.XChaCha20Poly1305.Decrypt(secret, nonce, header, cipherAndTag, plain);
    }

    private protected override void Dispose(bool disposing) => secret.Dispose();
}
