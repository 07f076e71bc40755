using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>P-256 points and scalars between MLS's bytes and the BCL's parameters (RFC 9420 §5.1.1).</summary>
internal static class EllipticCurve
{
    private const byte Uncompressed = 4;

    /// <summary>Whether the bytes are an uncompressed point by form; that it lies on the curve is seen at import.</summary>
    public static bool HasPointForm(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == CipherSuite.PublicKeySize && publicKey[0] == Uncompressed;

    public static ECParameters PublicParameters(ReadOnlySpan<byte> publicKey)
    {
        MlsException.ThrowIf(!HasPointForm(publicKey), MlsError.BadKey);
        return new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = publicKey[1..33].ToArray(), Y = publicKey[33..].ToArray() },
        };
    }

    public static byte[] EncodePoint(ECPoint point)
    {
        byte[] encoded = new byte[CipherSuite.PublicKeySize];
        encoded[0] = Uncompressed;
        point.X!.CopyTo(encoded, 1);
        point.Y!.CopyTo(encoded, 33);
        return encoded;
    }

    /// <summary>A public key for ECDH; the caller disposes. An off-curve point is <see cref="MlsError.BadKey"/>.</summary>
    public static ECDiffieHellman ImportPublic(ReadOnlySpan<byte> publicKey)
    {
        ECParameters parameters = PublicParameters(publicKey);
        try
        {
            return ECDiffieHellman.Create(parameters);
        }
        catch (CryptographicException exception)
        {
            throw new MlsException(MlsError.BadKey, exception);
        }
    }

    /// <summary>A private key for ECDH; the caller disposes. Zero or too large a scalar is <see cref="MlsError.BadKey"/>.</summary>
    public static ECDiffieHellman ImportPrivate(ReadOnlySpan<byte> privateKey)
    {
        ECParameters parameters = new() { Curve = ECCurve.NamedCurves.nistP256, D = privateKey.ToArray() };
        using Wiped scalar = new(parameters.D);
        try
        {
            return ECDiffieHellman.Create(parameters);
        }
        catch (CryptographicException exception)
        {
            throw new MlsException(MlsError.BadKey, exception);
        }
    }
}
