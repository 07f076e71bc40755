using System.Numerics;

namespace Pipeline.Mls.Tree;

/// <summary>
/// Index arithmetic of a left-balanced tree in an array (RFC 9420 appendix C). The leaf count is always a power of two, so
/// the tree is full and every relation is a matter of bits: a node's level is its number of trailing one bits.
/// </summary>
internal static class TreeMath
{
    public static int Level(NodeIndex node) => BitOperations.TrailingZeroCount(~node.Value);

    /// <summary>Of a tree of at least one leaf.</summary>
    public static uint NodeCount(uint leafCount) => 2 * leafCount - 1;

    public static NodeIndex Root(uint leafCount) => new(leafCount - 1);

    /// <summary>The left child of a parent node.</summary>
    public static NodeIndex Left(NodeIndex node) => new(node.Value ^ (1u << (Level(node) - 1)));

    /// <summary>The right child of a parent node.</summary>
    public static NodeIndex Right(NodeIndex node) => new(node.Value ^ (3u << (Level(node) - 1)));

    /// <summary>The parent of a node that is not the root.</summary>
    public static NodeIndex Parent(NodeIndex node)
    {
        int level = Level(node);
        uint bit = (node.Value >> (level + 1)) & 1;
        return new((node.Value | (1u << level)) ^ (bit << (level + 1)));
    }

    /// <summary>The other child of a node's parent; not for the root.</summary>
    public static NodeIndex Sibling(NodeIndex node)
    {
        NodeIndex parent = Parent(node);
        return node.Value < parent.Value ? Right(parent) : Left(parent);
    }

    /// <summary>The nodes from a leaf's parent up to the root, in that order.</summary>
    public static IEnumerable<NodeIndex> DirectPath(LeafIndex leaf, uint leafCount) => Ancestors(leaf.Node, leafCount);

    /// <summary>The nodes above <paramref name="node"/> up to the root, in that order.</summary>
    public static IEnumerable<NodeIndex> Ancestors(NodeIndex node, uint leafCount)
    {
        NodeIndex root = Root(leafCount);
        while (node != root)
        {
            node = Parent(node);
            yield return node;
        }
    }

    /// <summary>Whether the leaf lies under the node (or is it): a node at level k spans 2^k - 1 places to each side.</summary>
    public static bool Contains(NodeIndex node, LeafIndex leaf)
    {
        uint reach = (1u << Level(node)) - 1;
        return leaf.Node.Value >= node.Value - reach && leaf.Node.Value <= node.Value + reach;
    }

    /// <summary>The lowest node above both of two different leaves.</summary>
    public static NodeIndex CommonAncestor(LeafIndex first, LeafIndex second)
    {
        NodeIndex node = first.Node;
        while (!Contains(node, second)) node = Parent(node);
        return node;
    }
}

/// <summary>A leaf counted among leaves: 0, 1, 2, ... (RFC 9420 §4.1).</summary>
internal readonly record struct LeafIndex(uint Value)
{
    /// <summary>RFC 9420 appendix C: leaf i is node 2i of the array.</summary>
    public NodeIndex Node => new(Value * 2);
}

/// <summary>A node in the array of a tree: leaves at even, parents at odd places (RFC 9420 appendix C).</summary>
internal readonly record struct NodeIndex(uint Value)
{
    public bool IsLeaf => (Value & 1) == 0;

    /// <summary>The leaf at this node; only for even places.</summary>
    public LeafIndex Leaf => new(Value / 2);
}
