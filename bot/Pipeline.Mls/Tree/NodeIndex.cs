namespace Pipeline.Mls.Tree;

/// <summary>A node in the array of a tree: leaves at even, parents at odd places (RFC 9420 appendix C).</summary>
internal readonly record struct NodeIndex(uint Value)
{
    public bool IsLeaf => (Value & 1) == 0;

    /// <summary>The leaf at this node; only for even places.</summary>
    public LeafIndex Leaf => new(Value / 2);
}
