using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>A P-256 key pair for HPKE. Its maker disposes it, which wipes the private key.</summary>
public sealed class HpkeKeyPair : IDisposable
{
    private readonly byte[] privateKey;
    private readonly byte[] publicKey;

    private HpkeKeyPair(byte[] privateKey, byte[] publicKey)
    {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    /// <summary>65 bytes: an uncompressed point.</summary>
    public ReadOnlySpan<byte> PublicKey => publicKey;

    /// <summary>32 bytes, big-endian.</summary>
    internal ReadOnlySpan<byte> PrivateKey => privateKey;

    /// <summary>A new random pair.</summary>
    public static HpkeKeyPair Generate()
    {
        using ECDiffieHellman key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: true);
        return new HpkeKeyPair(parameters.D!, EllipticCurve.EncodePoint(parameters.Q));
    }

    /// <summary>The pair of a 32-byte scalar; <see cref="MlsError.BadKey"/> when it is zero or not below the order.</summary>
    public static HpkeKeyPair FromPrivateKey(ReadOnlySpan<byte> privateKey)
    {
        MlsException.ThrowIf(privateKey.Length != CipherSuite.PrivateKeySize, MlsError.BadKey);
        using ECDiffieHellman key = EllipticCurve.ImportPrivate(privateKey);
        byte[] publicKey = EllipticCurve.EncodePoint(key.ExportParameters(includePrivateParameters: false).Q);
        return new HpkeKeyPair(privateKey.ToArray(), publicKey);
    }

    /// <summary>A copy of its own, so that two epochs can each wipe theirs.</summary>
    internal HpkeKeyPair Copy() => new([.. privateKey], publicKey);

    public void Dispose() => CryptographicOperations.ZeroMemory(privateKey);
}
