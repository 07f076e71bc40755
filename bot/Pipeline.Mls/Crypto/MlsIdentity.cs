using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Pipeline.Mls.Crypto;

/// <summary>
/// Our signature key pair with our user id as basic credential (8 bytes, big-endian). One for each voice session, kept
/// across resets so that verification codes stay stable. The owner disposes it after every group that uses it.
/// One thread at a time.
/// </summary>
public sealed class MlsIdentity : IDisposable
{
    private readonly byte[] signatureKey;

    internal MlsIdentity(ECDsa key, Credential credential)
    {
        Key = key;
        Credential = credential;
        signatureKey = EllipticCurve.EncodePoint(key.ExportParameters(includePrivateParameters: false).Q);
    }

    /// <summary>65 bytes: an uncompressed P-256 point.</summary>
    public ReadOnlySpan<byte> SignatureKey => signatureKey;

    /// <summary>The user id of the credential.</summary>
    public ulong UserId => BinaryPrimitives.ReadUInt64BigEndian(Credential.Identity);

    internal ECDsa Key { get; }

    internal Credential Credential { get; }

    /// <summary>A new random key pair for this user.</summary>
    public static MlsIdentity Create(ulong userId) =>
        new(ECDsa.Create(ECCurve.NamedCurves.nistP256), UserCredential(userId));

    /// <summary>A stored PKCS #8 key pair for this user; throws CryptographicException when it is none of P-256.</summary>
    public static MlsIdentity Import(ulong userId, ReadOnlySpan<byte> pkcs8)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return new MlsIdentity(key, UserCredential(userId));
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public void Dispose() => Key.Dispose();

    private static Credential UserCredential(ulong userId)
    {
        byte[] identity = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(identity, userId);
        return new Credential(Credential.Basic, identity);
    }
}
