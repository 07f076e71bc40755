using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// Proves that every key in a tree was put there by a member under it (RFC 9420 §7.9.2): a new member trusts nothing else.
/// </summary>
internal static class ParentHashValidator
{
    /// <summary>Throws <see cref="MlsError.BadParentHash"/> unless each parent node is parent-hash valid.</summary>
    public static void Check(RatchetTree tree)
    {
        foreach ((NodeIndex index, ParentNode parent) in tree.Parents())
        {
            NodeIndex left = TreeMath.Left(index);
            NodeIndex right = TreeMath.Right(index);
            bool valid = HasValidChild(tree, parent, left, right) || HasValidChild(tree, parent, right, left);
            MlsException.ThrowIf(!valid, MlsError.BadParentHash);
        }
    }

    /// <summary>
    /// RFC 9420 §7.9.2: some D in the resolution of the child C carries the parent's hash, and the parent's unmerged leaves
    /// under C are exactly the rest of that resolution.
    /// </summary>
    private static bool HasValidChild(RatchetTree tree, ParentNode parent, NodeIndex child, NodeIndex sibling)
    {
        HashSet<uint> unmerged = [.. parent.UnmergedLeaves];
        byte[] expected = TreeHasher.ParentHash(parent, TreeHasher.HashWithout(tree, sibling, unmerged));
        List<NodeIndex> resolution = tree.Resolution(child);
        int carrier = resolution.FindIndex(node => ParentHashOf(tree, node).AsSpan().SequenceEqual(expected));
        if (carrier < 0) return false;
        resolution.RemoveAt(carrier);
        int unmergedHere = parent.UnmergedLeaves.Count(leaf => TreeMath.Contains(child, new LeafIndex(leaf)));
        return unmergedHere == resolution.Count &&
            resolution.TrueForAll(node => node.IsLeaf && unmerged.Contains(node.Leaf.Value));
    }

    private static byte[] ParentHashOf(RatchetTree tree, NodeIndex node) =>
        node.IsLeaf ? tree[node.Leaf]!.ParentHash : tree.Parent(node)!.ParentHash;
}
