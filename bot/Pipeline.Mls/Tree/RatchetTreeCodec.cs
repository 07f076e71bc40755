using System.Numerics;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// The ratchet_tree extension (RFC 9420 §12.4.3.3): <c>optional Node vector</c> in array order, without trailing blanks;
/// a Node is <c>u8 1 || LeafNode</c> or <c>u8 2 || ParentNode</c>.
/// </summary>
internal static class RatchetTreeCodec
{
    private const byte LeafType = 1;
    private const byte ParentType = 2;

    public static RatchetTree Parse(ReadOnlySpan<byte> extensionData)
    {
        TlsReader outer = new(extensionData);
        TlsReader nodes = outer.ReadNested();
        outer.ExpectEnd();

        List<LeafNode?> leaves = [];
        List<ParentNode?> parents = [];
        bool lastIsBlank = true;
        for (uint index = 0; !nodes.IsAtEnd; index++)
        {
            MlsException.ThrowIf(index >= TreeMath.NodeCount(MlsLimits.MaxLeaves), MlsError.TooLarge);
            lastIsBlank = !ReadNode(ref nodes, new NodeIndex(index), leaves, parents);
        }

        // RFC 9420 §12.4.3.3: the last node is never blank; the receiver fills up with blanks to the full tree.
        MlsException.ThrowIf(lastIsBlank, MlsError.BadTreeShape);
        uint leafCount = BitOperations.RoundUpToPowerOf2((uint)Math.Max(leaves.Count, parents.Count + 1));
        LeafNode?[] leafArray = new LeafNode?[leafCount];
        ParentNode?[] parentArray = new ParentNode?[TreeMath.NodeCount(leafCount) / 2];
        leaves.CopyTo(leafArray);
        parents.CopyTo(parentArray);
        return new RatchetTree(leafArray, parentArray);
    }

    public static byte[] Encode(RatchetTree tree)
    {
        uint last = tree.NodeCount - 1;
        while (tree.IsBlank(new NodeIndex(last))) last--;

        using TlsWriter writer = new();
        int start = writer.BeginVector();
        for (uint index = 0; index <= last; index++) WriteNode(writer, tree, new NodeIndex(index));
        writer.EndVector(start);
        return writer.ToArray();
    }

    private static bool ReadNode(
        ref TlsReader reader, NodeIndex index, List<LeafNode?> leaves, List<ParentNode?> parents)
    {
        bool present = reader.ReadPresence();
        // RFC 9420 §12.4.3.3: leaves stand at even, parents at odd places.
        if (present) MlsException.ThrowIf(reader.ReadUInt8() != (index.IsLeaf ? LeafType : ParentType), MlsError.BadTreeShape);
        if (index.IsLeaf) leaves.Add(present ? LeafNode.Read(ref reader) : null);
        else parents.Add(present ? ParentNode.Read(ref reader) : null);
        return present;
    }

    private static void WriteNode(TlsWriter writer, RatchetTree tree, NodeIndex index)
    {
        bool present = !tree.IsBlank(index);
        writer.WritePresence(present);
        if (!present) return;
        writer.WriteUInt8(index.IsLeaf ? LeafType : ParentType);
        if (index.IsLeaf) tree[index.Leaf]!.Write(writer);
        else tree.Parent(index)!.Write(writer);
    }
}
