using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>
/// One key package of ours with its private keys (RFC 9420 §10), good for one Welcome. Disposing wipes the private keys;
/// the group joined with it has copies of what it needs.
/// </summary>
public sealed class KeyPackageBundle : IDisposable
{
    private readonly byte[] encoded;

    /// <summary>Takes the key pairs over.</summary>
    internal KeyPackageBundle(MlsIdentity identity, byte[] keyPackage, HpkeKeyPair initKeys, HpkeKeyPair leafKeys)
    {
        TlsReader reader = new(keyPackage);
        Package = Messages.KeyPackage.Read(ref reader);
        Reference = Package.ComputeReference();
        Identity = identity;
        InitKeys = initKeys;
        LeafKeys = leafKeys;
        encoded = keyPackage;
    }

    /// <summary>The bare KeyPackage, as DAVE's op 26 carries it.</summary>
    public ReadOnlyMemory<byte> KeyPackage => encoded;

    internal KeyPackage Package { get; }

    /// <summary>How a Welcome names it (RFC 9420 §5.2).</summary>
    internal byte[] Reference { get; }

    internal MlsIdentity Identity { get; }

    internal HpkeKeyPair InitKeys { get; }

    internal HpkeKeyPair LeafKeys { get; }

    /// <summary>A new key package with fresh init and leaf keys, signed by the identity, valid without end.</summary>
    public static KeyPackageBundle Create(MlsIdentity identity)
    {
        HpkeKeyPair initKeys = HpkeKeyPair.Generate();
        HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        byte[] encoded = Messages.KeyPackage.Create(identity, initKeys.PublicKey, leafKeys.PublicKey);
        return new KeyPackageBundle(identity, encoded, initKeys, leafKeys);
    }

    public void Dispose()
    {
        InitKeys.Dispose();
        LeafKeys.Dispose();
    }
}
