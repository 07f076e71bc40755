namespace Pipeline.Mls.Tree;

/// <summary>One node of a filtered direct path (RFC 9420 §4.1.2), with its child on the copath and that child's resolution.</summary>
internal readonly record struct PathStep(NodeIndex Node, NodeIndex CopathChild, IReadOnlyList<NodeIndex> Resolution);
