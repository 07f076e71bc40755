using System.Security.Cryptography;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>aead_aes256_gcm_rtpsize: key 32 bytes, nonce = suffix (4) and 8 zero bytes.</summary>
internal sealed class AesGcmTransport(ReadOnlySpan<byte> key) : TransportCipher
{
    private readonly AesGcm cipher = new(key, TagSize);

    private protected override void Encrypt(
        ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> plain, Span<byte> cipherAndTag)
    {
        Span<byte> nonce = stackalloc byte[12];
        suffix.CopyTo(nonce);
        cipher.Encrypt(nonce, plain, cipherAndTag[..plain.Length], cipherAndTag[plain.Length..], header);
    }

    private protected override bool Decrypt(
        ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> header, ReadOnlySpan<byte> cipherAndTag, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[12];
        suffix.CopyTo(nonce);
        try
        {
            cipher.Decrypt(nonce, cipherAndTag[..^TagSize], cipherAndTag[^TagSize..], plain, header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private protected override void Dispose(bool disposing) => cipher.Dispose();
}
