using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>AES-128-GCM for exactly one message: key (16) and nonce (12) are taken over and wiped on dispose. No extra data.</summary>
internal sealed class AeadKey(byte[] key, byte[] nonce) : IDisposable
{
    private readonly AesGcm cipher = new(key, CipherSuite.TagSize);

    /// <summary>Ciphertext followed by its 16-byte tag.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plaintext)
    {
        byte[] ciphertext = new byte[plaintext.Length + CipherSuite.TagSize];
        cipher.Encrypt(
            nonce, plaintext, ciphertext.AsSpan(0, plaintext.Length), ciphertext.AsSpan(plaintext.Length));
        return ciphertext;
    }

    public byte[] Open(ReadOnlySpan<byte> ciphertext)
    {
        MlsException.ThrowIf(ciphertext.Length < CipherSuite.TagSize, MlsError.BadCiphertext);
        byte[] plaintext = new byte[ciphertext.Length - CipherSuite.TagSize];
        try
        {
            cipher.Decrypt(nonce, ciphertext[..plaintext.Length], ciphertext[plaintext.Length..], plaintext);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw new MlsException(MlsError.BadCiphertext, exception);
        }
    }

    public void Dispose()
    {
        cipher.Dispose();
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(nonce);
    }
}
