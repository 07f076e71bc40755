using System.Security.Cryptography;
using System.Text;

namespace Pipeline.DiscordSimulator.Dave;

/// <summary>Hashes and signatures with MLS's labels (RFC 9420 §5.1.2, §5.2).</summary>
public static class LabelledCrypto
{
    public static byte[] Reference(string label, ReadOnlySpan<byte> value) =>
        SHA256.HashData([.. MlsWire.Vector(Encoding.ASCII.GetBytes("MLS 1.0 " + label)), .. MlsWire.Vector(value)]);

    public static byte[] Sign(ECDsa key, string label, ReadOnlySpan<byte> content) =>
        key.SignData(Labelled(label, content), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <param name="point">0x04, X, Y.</param>
    /// <param name="label">Without "MLS 1.0 ".</param>
    /// <param name="content">What was signed.</param>
    /// <param name="signature">DER.</param>
    public static bool Verify(ReadOnlySpan<byte> point, string label, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        if (point.Length != 65 || point[0] != 4) return false;
        try
        {
            ECPoint q = new() { X = point[1..33].ToArray(), Y = point[33..].ToArray() };
            using ECDsa key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = q });
            return key.VerifyData(Labelled(label, content), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static byte[] Labelled(string label, ReadOnlySpan<byte> content) =>
        [.. MlsWire.Vector(Encoding.ASCII.GetBytes("MLS 1.0 " + label)), .. MlsWire.Vector(content)];
}
