using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>ECDSA P-256 with SHA-256, DER signatures, labelled (RFC 9420 §5.1.2).</summary>
internal static class Signatures
{
    public static byte[] SignWithLabel(ECDsa key, string label, ReadOnlySpan<byte> content)
    {
        using TlsWriter signed = SignedContent(label, content);
        return key.SignData(signed.Written, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>False for a forged or malformed signature and for a key that is no point of the curve.</summary>
    public static bool VerifyWithLabel(
        ReadOnlySpan<byte> publicKey, string label, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        if (!EllipticCurve.HasPointForm(publicKey)) return false;
        using TlsWriter signed = SignedContent(label, content);
        try
        {
            using ECDsa key = ECDsa.Create(EllipticCurve.PublicParameters(publicKey));
            return key.VerifyData(
                signed.Written, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // OpenSSL refuses the point or the DER: to the caller the same as a signature that does not verify.
            return false;
        }
    }

    private static TlsWriter SignedContent(string label, ReadOnlySpan<byte> content)
    {
        TlsWriter signed = new();
        Kdf.WriteLabel(signed, label);
        signed.WriteVector(content);
        return signed;
    }
}
