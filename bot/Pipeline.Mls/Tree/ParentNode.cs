using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// An inner node (RFC 9420 §7.1), immutable: <c>encryption_key vector || parent_hash vector || u32 unmerged_leaves vector</c>.
/// Unmerged leaves are sorted and do not know the node's private key.
/// </summary>
internal sealed class ParentNode(byte[] encryptionKey, byte[] parentHash, uint[] unmergedLeaves)
{
    public byte[] EncryptionKey { get; } = encryptionKey;

    public byte[] ParentHash { get; } = parentHash;

    public uint[] UnmergedLeaves { get; } = unmergedLeaves;

    public static ParentNode Read(ref TlsReader reader)
    {
        byte[] encryptionKey = reader.ReadVector().ToArray();
        byte[] parentHash = reader.ReadVector().ToArray();
        uint[] unmergedLeaves = [.. reader.ReadList(static (ref TlsReader item) => item.ReadUInt32())];
        for (int i = 1; i < unmergedLeaves.Length; i++)
        {
            // RFC 9420 §7.1: in increasing order, so none twice.
            MlsException.ThrowIf(unmergedLeaves[i] <= unmergedLeaves[i - 1], MlsError.BadUnmergedLeaves);
        }

        return new ParentNode(encryptionKey, parentHash, unmergedLeaves);
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteVector(ParentHash);
        writer.WriteList(UnmergedLeaves, static (target, leaf) => target.WriteUInt32(leaf));
    }

    public bool HasUnmerged(LeafIndex leaf) => Array.BinarySearch(UnmergedLeaves, leaf.Value) >= 0;

    public ParentNode WithUnmerged(LeafIndex leaf) =>
        HasUnmerged(leaf) ? this : new(EncryptionKey, ParentHash, [.. UnmergedLeaves.Append(leaf.Value).Order()]);

    public ParentNode WithParentHash(byte[] parentHash) => new(EncryptionKey, parentHash, UnmergedLeaves);

    /// <summary>The node as it was before these leaves joined.</summary>
    public ParentNode Without(IReadOnlySet<uint> leaves) =>
        new(EncryptionKey, ParentHash, [.. UnmergedLeaves.Where(leaf => !leaves.Contains(leaf))]);
}
