using Pipeline.Mls.Crypto;

namespace Pipeline.Mls.Group;

/// <summary>
/// One key package of ours with its private keys (RFC 9420 §10), good for one Welcome. Disposing wipes the private keys;
/// the group joined with it has copies of what it needs.
/// </summary>
public sealed class KeyPackageBundle : IDisposable
{
    private readonly byte[] _keyPackage;

    internal KeyPackageBundle(MlsIdentity identity, byte[] keyPackage, HpkeKeyPair initKeys, HpkeKeyPair leafKeys)
    {
        Identity = identity;
        InitKeys = initKeys;
        LeafKeys = leafKeys;
        _keyPackage = keyPackage;
    }

    /// <summary>The bare KeyPackage, as DAVE's op 26 carries it.</summary>
    public ReadOnlyMemory<byte> KeyPackage => _keyPackage;

    internal MlsIdentity Identity { get; }

    internal HpkeKeyPair InitKeys { get; }

    internal HpkeKeyPair LeafKeys { get; }

    /// <summary>A new key package with fresh init and leaf keys, signed by the identity, valid without end.</summary>
    public static KeyPackageBundle Create(MlsIdentity identity) => throw new NotSupportedException();

    public void Dispose()
    {
        InitKeys.Dispose();
        LeafKeys.Dispose();
    }
}
