using Pipeline.Mls.Crypto;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// An offer to be added (RFC 9420 §10), immutable, with its encoding:
/// <c>u16 version || u16 suite || init_key vector || LeafNode || extensions || signature vector</c>.
/// </summary>
internal sealed class KeyPackage
{
    private const string SignatureLabel = "KeyPackageTBS";

    private readonly byte[] encoded;
    private readonly int signedLength;

    private KeyPackage(byte[] encoded, int signedLength)
    {
        this.encoded = encoded;
        this.signedLength = signedLength;
    }

    public required ushort Version { get; init; }

    public required ushort Suite { get; init; }

    public required byte[] InitKey { get; init; }

    public required LeafNode Leaf { get; init; }

    public required byte[] Signature { get; init; }

    public ReadOnlySpan<byte> Encoded => encoded;

    public static KeyPackage Read(ref TlsReader reader)
    {
        int start = reader.Position;
        ushort version = reader.ReadUInt16();
        ushort suite = reader.ReadUInt16();
        byte[] initKey = reader.ReadVector().ToArray();
        LeafNode leaf = LeafNode.Read(ref reader);
        Extension.ReadAll(ref reader);
        int signedLength = reader.Position - start;
        byte[] signature = reader.ReadVector().ToArray();
        return new KeyPackage(reader.ReadSince(start).ToArray(), signedLength)
        {
            Version = version,
            Suite = suite,
            InitKey = initKey,
            Leaf = leaf,
            Signature = signature,
        };
    }

    /// <summary>Our own, signed by the identity.</summary>
    public static byte[] Create(MlsIdentity identity, ReadOnlySpan<byte> initKey, ReadOnlySpan<byte> encryptionKey)
    {
        using TlsWriter fields = new();
        fields.WriteUInt16(CipherSuite.ProtocolVersion);
        fields.WriteUInt16(CipherSuite.Id);
        fields.WriteVector(initKey);
        LeafNode.CreateForKeyPackage(identity, encryptionKey).Write(fields);
        Extension.WriteAll(fields, []);
        fields.WriteVector(Signatures.SignWithLabel(identity.Key, SignatureLabel, fields.Written));
        return fields.ToArray();
    }

    public void Write(TlsWriter writer) => writer.WriteBytes(encoded);

    /// <summary>RFC 9420 §5.2: how a Welcome names it.</summary>
    public byte[] ComputeReference() => ReferenceHash.Compute(ReferenceHash.KeyPackageLabel, encoded);

    public bool VerifySignature() => Signatures.VerifyWithLabel(
        Leaf.SignatureKey, SignatureLabel, encoded.AsSpan(0, signedLength), Signature);
}
