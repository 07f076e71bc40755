namespace Pipeline.Mls.Tree;

/// <summary>Where a leaf node came from (RFC 9420 §7.2).</summary>
internal enum LeafNodeSource
{
    KeyPackage = 1,
    Update = 2,
    Commit = 3,
}
