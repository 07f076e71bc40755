namespace Pipeline.Mls.Tree;

/// <summary>A leaf counted among leaves: 0, 1, 2, ... (RFC 9420 §4.1).</summary>
internal readonly record struct LeafIndex(uint Value)
{
    /// <summary>RFC 9420 appendix C: leaf i is node 2i of the array.</summary>
    public NodeIndex Node => new(Value * 2);
}
