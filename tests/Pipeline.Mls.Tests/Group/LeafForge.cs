using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>
/// A leaf and a key package with any field as a test wants it, and with signatures that are right: what is refused is refused for that
/// field alone.
/// </summary>
internal sealed record LeafForge(MlsIdentity Signer)
{
    private static readonly byte[] SomeKey = NewKey();

    public byte[] EncryptionKey { get; init; } = SomeKey;
    public byte[]? SignatureKey { get; init; }
    public Credential? Credential { get; init; }
    public Capabilities Capabilities { get; init; } = Capabilities.Own;
    public LeafNodeSource Source { get; init; } = LeafNodeSource.KeyPackage;
    public IReadOnlyList<Extension> Extensions { get; init; } = [];

    /// <summary>Group and place that are signed, for a leaf from an update or a commit.</summary>
    public (byte[] GroupId, uint Leaf) Place { get; init; } = ([], 0);

    public ushort Version { get; init; } = CipherSuite.ProtocolVersion;
    public ushort Suite { get; init; } = CipherSuite.Id;
    public byte[] InitKey { get; init; } = NewKey();

    public static byte[] NewKey()
    {
        using HpkeKeyPair keys = HpkeKeyPair.Generate();
        return keys.PublicKey.ToArray();
    }

    public static byte[] OffCurve(byte[] key) => [.. key[..^1], (byte)(key[^1] ^ 1)];

    public LeafNode Leaf()
    {
        using TlsWriter fields = new();
        fields.WriteVector(EncryptionKey);
        fields.WriteVector(SignatureKey ?? Signer.SignatureKey.ToArray());
        (Credential ?? Signer.Credential).Write(fields);
        Capabilities.Write(fields);
        fields.WriteUInt8((byte)Source);
        if (Source == LeafNodeSource.KeyPackage) fields.WriteBytes([.. new byte[8], .. Enumerable.Repeat((byte)255, 8)]);
        if (Source == LeafNodeSource.Commit) fields.WriteVector([]);
        Extension.WriteAll(fields, Extensions);
        using TlsWriter place = new();
        if (Source != LeafNodeSource.KeyPackage)
        {
            place.WriteVector(Place.GroupId);
            place.WriteUInt32(Place.Leaf);
        }
        fields.WriteVector(Signatures.SignWithLabel(Signer.Key, "LeafNodeTBS", [.. fields.Written, .. place.Written]));
        TlsReader reader = new(fields.Written);
        return LeafNode.Read(ref reader);
    }

    public KeyPackage KeyPackage(MlsIdentity? signer = null)
    {
        using TlsWriter fields = new();
        fields.WriteUInt16(Version);
        fields.WriteUInt16(Suite);
        fields.WriteVector(InitKey);
        Leaf().Write(fields);
        Extension.WriteAll(fields, []);
        fields.WriteVector(Signatures.SignWithLabel((signer ?? Signer).Key, "KeyPackageTBS", fields.Written));
        TlsReader reader = new(fields.Written);
        return Mls.Messages.KeyPackage.Read(ref reader);
    }
}
