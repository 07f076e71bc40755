using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// A member's node (RFC 9420 §7.2), immutable, with its encoding kept because it is hashed and sent again and again:
/// <c>encryption_key vector || signature_key vector || credential || capabilities || u8 source ||
/// (1: u64 not_before || u64 not_after; 2: nothing; 3: parent_hash vector) || extensions || signature vector</c>.
/// </summary>
internal sealed class LeafNode
{
    private const string SignatureLabel = "LeafNodeTBS";

    private readonly byte[] encoded;
    private readonly int signedLength;

    private LeafNode(byte[] encoded, int signedLength)
    {
        this.encoded = encoded;
        this.signedLength = signedLength;
    }

    public required byte[] EncryptionKey { get; init; }

    public required byte[] SignatureKey { get; init; }

    public required Credential Credential { get; init; }

    public required Capabilities Capabilities { get; init; }

    public required LeafNodeSource Source { get; init; }

    /// <summary>Empty unless the source is a commit.</summary>
    public required byte[] ParentHash { get; init; }

    public required IReadOnlyList<Extension> Extensions { get; init; }

    public required byte[] Signature { get; init; }

    public ReadOnlySpan<byte> Encoded => encoded;

    public static LeafNode Read(ref TlsReader reader)
    {
        int start = reader.Position;
        byte[] encryptionKey = reader.ReadVector().ToArray();
        byte[] signatureKey = reader.ReadVector().ToArray();
        Credential credential = Credential.Read(ref reader);
        Capabilities capabilities = Capabilities.Read(ref reader);
        LeafNodeSource source = (LeafNodeSource)reader.ReadUInt8();
        byte[] parentHash = ReadSourceFields(ref reader, source);
        IReadOnlyList<Extension> extensions = Extension.ReadAll(ref reader);
        int signedLength = reader.Position - start;
        byte[] signature = reader.ReadVector().ToArray();
        return new LeafNode(reader.ReadSince(start).ToArray(), signedLength)
        {
            EncryptionKey = encryptionKey,
            SignatureKey = signatureKey,
            Credential = credential,
            Capabilities = capabilities,
            Source = source,
            ParentHash = parentHash,
            Extensions = extensions,
            Signature = signature,
        };
    }

    /// <summary>Our leaf for a new key package or a new group: source key package, valid without end.</summary>
    public static LeafNode CreateForKeyPackage(MlsIdentity identity, ReadOnlySpan<byte> encryptionKey)
    {
        using TlsWriter fields = new();
        fields.WriteVector(encryptionKey);
        fields.WriteVector(identity.SignatureKey);
        identity.Credential.Write(fields);
        Capabilities.Own.Write(fields);
        fields.WriteUInt8((byte)LeafNodeSource.KeyPackage);
        fields.WriteUInt64(0);
        fields.WriteUInt64(ulong.MaxValue);
        Extension.WriteAll(fields, []);
        return Sign(fields, identity, []);
    }

    /// <summary>This leaf with a new encryption key for a commit of ours (RFC 9420 §7.5): everything else stays.</summary>
    public LeafNode RenewForCommit(
        MlsIdentity identity, ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> parentHash, ReadOnlySpan<byte> groupId, LeafIndex index)
    {
        using TlsWriter fields = new();
        fields.WriteVector(encryptionKey);
        fields.WriteVector(identity.SignatureKey);
        identity.Credential.Write(fields);
        Capabilities.Write(fields);
        fields.WriteUInt8((byte)LeafNodeSource.Commit);
        fields.WriteVector(parentHash);
        Extension.WriteAll(fields, Extensions);
        return Sign(fields, identity, Position(groupId, index));
    }

    public void Write(TlsWriter writer) => writer.WriteBytes(encoded);

    /// <summary>RFC 9420 §7.2: a leaf from an update or a commit is signed together with its place.</summary>
    public bool VerifySignature(ReadOnlySpan<byte> groupId, LeafIndex index)
    {
        ReadOnlySpan<byte> fields = encoded.AsSpan(0, signedLength);
        ReadOnlySpan<byte> position = Source == LeafNodeSource.KeyPackage ? [] : Position(groupId, index);
        return Signatures.VerifyWithLabel(SignatureKey, SignatureLabel, [.. fields, .. position], Signature);
    }

    private static LeafNode Sign(TlsWriter fields, MlsIdentity identity, ReadOnlySpan<byte> position)
    {
        byte[] signature = Signatures.SignWithLabel(identity.Key, SignatureLabel, [.. fields.Written, .. position]);
        fields.WriteVector(signature);
        TlsReader reader = new(fields.Written);
        return Read(ref reader);
    }

    private static byte[] Position(ReadOnlySpan<byte> groupId, LeafIndex index)
    {
        using TlsWriter position = new();
        position.WriteVector(groupId);
        position.WriteUInt32(index.Value);
        return position.ToArray();
    }

    private static byte[] ReadSourceFields(ref TlsReader reader, LeafNodeSource source)
    {
        switch (source)
        {
            case LeafNodeSource.KeyPackage:
                // DAVE, "Key Packages", "Validation": the gateway checks the lifetime, members do not.
                reader.ReadBytes(2 * sizeof(ulong));
                return [];
            case LeafNodeSource.Update:
                return [];
            case LeafNodeSource.Commit:
                return reader.ReadVector().ToArray();
            default:
                throw new MlsException(MlsError.Malformed);
        }
    }
}

/// <summary>Where a leaf node came from (RFC 9420 §7.2).</summary>
internal enum LeafNodeSource
{
    KeyPackage = 1,
    Update = 2,
    Commit = 3,
}
