using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>Tree hashes (RFC 9420 §7.8) and parent hashes (§7.9). 32 bytes each.</summary>
internal static class TreeHasher
{
    private const byte LeafType = 1;
    private const byte ParentType = 2;

    /// <summary>The hash of the subtree under a node; cached in the tree.</summary>
    public static byte[] Hash(RatchetTree tree, NodeIndex node) => tree.CachedHash(node) ??= node.IsLeaf
        ? HashLeaf(node.Leaf, tree[node.Leaf])
        : HashParent(tree.Parent(node), Hash(tree, TreeMath.Left(node)), Hash(tree, TreeMath.Right(node)));

    /// <summary>The hash of the whole tree.</summary>
    public static byte[] HashRoot(RatchetTree tree) => Hash(tree, tree.Root);

    /// <summary>
    /// RFC 9420 §7.9: the hash of a subtree as it was before <paramref name="excluded"/> joined: their leaves blank, and
    /// none of them unmerged anywhere.
    /// </summary>
    public static byte[] HashWithout(RatchetTree tree, NodeIndex node, IReadOnlySet<uint> excluded)
    {
        if (!excluded.Any(leaf => TreeMath.Contains(node, new LeafIndex(leaf)))) return Hash(tree, node);
        if (node.IsLeaf) return HashLeaf(node.Leaf, null);
        return HashParent(
            tree.Parent(node)?.Without(excluded),
            HashWithout(tree, TreeMath.Left(node), excluded),
            HashWithout(tree, TreeMath.Right(node), excluded));
    }

    /// <summary>
    /// RFC 9420 §7.9: what a child of <paramref name="parent"/> carries as parent hash, when <paramref name="siblingHash"/>
    /// is the original tree hash of its sibling.
    /// </summary>
    public static byte[] ParentHash(ParentNode parent, ReadOnlySpan<byte> siblingHash)
    {
        using TlsWriter input = new();
        input.WriteVector(parent.EncryptionKey);
        input.WriteVector(parent.ParentHash);
        input.WriteVector(siblingHash);
        return SHA256.HashData(input.Written);
    }

    private static byte[] HashLeaf(LeafIndex index, LeafNode? leaf)
    {
        using TlsWriter input = new();
        input.WriteUInt8(LeafType);
        input.WriteUInt32(index.Value);
        input.WritePresence(leaf is not null);
        leaf?.Write(input);
        return SHA256.HashData(input.Written);
    }

    private static byte[] HashParent(ParentNode? parent, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        using TlsWriter input = new();
        input.WriteUInt8(ParentType);
        input.WritePresence(parent is not null);
        parent?.Write(input);
        input.WriteVector(left);
        input.WriteVector(right);
        return SHA256.HashData(input.Written);
    }
}
