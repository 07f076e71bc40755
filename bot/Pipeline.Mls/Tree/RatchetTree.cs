using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// The members' tree (RFC 9420 §4, §7.7). Mutable: a group works on a <see cref="Copy"/> and keeps it once all checks
/// passed. Nodes are immutable and shared between copies; tree hashes are cached and dropped along changed paths.
/// </summary>
internal sealed class RatchetTree
{
    private LeafNode?[] leaves;
    private ParentNode?[] parents;
    private byte[]?[] hashes;

    /// <summary>A tree of one leaf.</summary>
    public RatchetTree(LeafNode leaf)
        : this([leaf], [])
    {
    }

    /// <summary>Leaves by index, and parents by (node index - 1) / 2; the leaf count must be a power of two.</summary>
    public RatchetTree(LeafNode?[] leaves, ParentNode?[] parents)
        : this(leaves, parents, new byte[leaves.Length + parents.Length][])
    {
    }

    private RatchetTree(LeafNode?[] leaves, ParentNode?[] parents, byte[]?[] hashes)
    {
        this.leaves = leaves;
        this.parents = parents;
        this.hashes = hashes;
    }

    /// <summary>Places for leaves, blank ones included: a power of two.</summary>
    public uint LeafCount => (uint)leaves.Length;

    public uint NodeCount => TreeMath.NodeCount(LeafCount);

    public NodeIndex Root => TreeMath.Root(LeafCount);

    public RatchetTree Copy() => new([.. leaves], [.. parents], [.. hashes]);

    public LeafNode? this[LeafIndex leaf] => leaf.Value < LeafCount ? leaves[leaf.Value] : null;

    public ParentNode? Parent(NodeIndex node) => parents[(node.Value - 1) / 2];

    public bool IsBlank(NodeIndex node) => node.IsLeaf ? leaves[node.Leaf.Value] is null : Parent(node) is null;

    /// <summary>The public key of a node that is not blank.</summary>
    public byte[] EncryptionKey(NodeIndex node) =>
        node.IsLeaf ? leaves[node.Leaf.Value]!.EncryptionKey : Parent(node)!.EncryptionKey;

    /// <summary>Members with their places, in order.</summary>
    public IEnumerable<(LeafIndex Index, LeafNode Leaf)> Members()
    {
        for (uint i = 0; i < LeafCount; i++)
        {
            if (leaves[i] is { } leaf) yield return (new LeafIndex(i), leaf);
        }
    }

    /// <summary>Parent nodes that are not blank, in order.</summary>
    public IEnumerable<(NodeIndex Index, ParentNode Node)> Parents()
    {
        for (uint i = 0; i < parents.Length; i++)
        {
            if (parents[i] is { } node) yield return (new NodeIndex(2 * i + 1), node);
        }
    }

    /// <summary>
    /// RFC 9420 §7.7: the leftmost blank leaf, or twice the tree. The new leaf does not know the keys above it, so every
    /// parent that has one notes it as unmerged.
    /// </summary>
    public LeafIndex Add(LeafNode leaf)
    {
        int free = Array.IndexOf(leaves, null);
        LeafIndex index = new((uint)(free < 0 ? leaves.Length : free));
        if (free < 0) Extend();
        SetLeaf(index, leaf);
        foreach (NodeIndex ancestor in TreeMath.DirectPath(index, LeafCount))
        {
            if (Parent(ancestor) is { } parent) SetParent(ancestor, parent.WithUnmerged(index));
        }

        return index;
    }

    /// <summary>RFC 9420 §7.7, §12.1.2: the new leaf, and its direct path blank.</summary>
    public void Update(LeafIndex index, LeafNode leaf)
    {
        SetLeaf(index, leaf);
        BlankDirectPath(index);
    }

    /// <summary>RFC 9420 §7.7: the leaf and its direct path blank; then right halves without any node are cut off.</summary>
    public void Remove(LeafIndex index)
    {
        SetLeaf(index, null);
        BlankDirectPath(index);
        while (LeafCount > 1 && !leaves.AsSpan(leaves.Length / 2).ContainsAnyExcept((LeafNode?)null)) Truncate();
    }

    /// <summary>Replaces a leaf and leaves the nodes above it as they are, but for their hashes.</summary>
    public void SetLeaf(LeafIndex index, LeafNode? leaf)
    {
        leaves[index.Value] = leaf;
        DropHashes(index.Node);
    }

    public void SetParent(NodeIndex index, ParentNode? node)
    {
        parents[(index.Value - 1) / 2] = node;
        DropHashes(index);
    }

    public void BlankDirectPath(LeafIndex leaf)
    {
        foreach (NodeIndex ancestor in TreeMath.DirectPath(leaf, LeafCount)) SetParent(ancestor, null);
    }

    /// <summary>RFC 9420 §4.1.1: the nodes whose keys together reach every member under this node, left to right.</summary>
    public List<NodeIndex> Resolution(NodeIndex node)
    {
        List<NodeIndex> resolution = [];
        CollectResolution(node, resolution);
        return resolution;
    }

    /// <summary>
    /// RFC 9420 §4.1.2: the nodes above a leaf whose other child has somebody to encrypt to, lowest first.
    /// </summary>
    public List<PathStep> FilteredDirectPath(LeafIndex leaf)
    {
        List<PathStep> steps = [];
        NodeIndex child = leaf.Node;
        foreach (NodeIndex ancestor in TreeMath.DirectPath(leaf, LeafCount))
        {
            NodeIndex copathChild = TreeMath.Sibling(child);
            List<NodeIndex> resolution = Resolution(copathChild);
            if (resolution.Count > 0) steps.Add(new PathStep(ancestor, copathChild, resolution));
            child = ancestor;
        }

        return steps;
    }

    /// <summary>The cached hash of a node, to be filled by <see cref="TreeHasher"/>.</summary>
    internal ref byte[]? CachedHash(NodeIndex node) => ref hashes[node.Value];

    private void CollectResolution(NodeIndex node, List<NodeIndex> resolution)
    {
        if (!IsBlank(node))
        {
            resolution.Add(node);
            if (node.IsLeaf) return;
            foreach (uint unmerged in Parent(node)!.UnmergedLeaves) resolution.Add(new LeafIndex(unmerged).Node);
        }
        else if (!node.IsLeaf)
        {
            CollectResolution(TreeMath.Left(node), resolution);
            CollectResolution(TreeMath.Right(node), resolution);
        }
    }

    private void DropHashes(NodeIndex node)
    {
        hashes[node.Value] = null;
        foreach (NodeIndex ancestor in TreeMath.Ancestors(node, LeafCount)) hashes[ancestor.Value] = null;
    }

    private void Extend()
    {
        MlsException.ThrowIf(leaves.Length >= MlsLimits.MaxLeaves, MlsError.TooLarge);
        Resize(leaves.Length * 2);
    }

    private void Truncate() => Resize(leaves.Length / 2);

    // The left half of the array is the left subtree with the same indices, so growing and cutting only move its end.
    private void Resize(int leafCount)
    {
        Array.Resize(ref leaves, leafCount);
        Array.Resize(ref parents, (int)NodeCount / 2); // every other node, and a leaf at either end
        Array.Resize(ref hashes, (int)NodeCount);
    }
}
