using System.Text.Json;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Vectors;

public sealed class TreeVectorTests
{
    [Fact]
    public void Trees_hash_resolve_and_validate() => VectorFile.ForEach("tree-validation.json", 14, vector =>
    {
        if (!vector.IsSuite2()) return false;
        RatchetTree tree = RatchetTreeCodec.Parse(vector.Hex("tree"));
        List<JsonElement> hashes = [.. vector.List("tree_hashes")];
        List<JsonElement> resolutions = [.. vector.List("resolutions")];
        Assert.Equal(tree.NodeCount, (uint)hashes.Count);
        for (uint i = 0; i < tree.NodeCount; i++)
        {
            NodeIndex node = new(i);
            Assert.Equal(hashes[(int)i].GetString(), Convert.ToHexStringLower(TreeHasher.Hash(tree, node)));
            IEnumerable<uint> expected = resolutions[(int)i].EnumerateArray().Select(item => item.GetUInt32());
            Assert.Equal(expected, tree.Resolution(node).Select(item => item.Value));
        }

        TreeValidator.CheckForJoin(tree, vector.Hex("group_id"), GroupPolicy.Rfc, []);
        return true;
    });

    /// <summary>The file is of suite 1, but adding, removing and hashing do not depend on it.</summary>
    [Fact]
    public void Proposals_change_trees_as_published() => VectorFile.ForEach("tree-operations.json", 5, vector =>
    {
        RatchetTree tree = RatchetTreeCodec.Parse(vector.Hex("tree_before"));
        Assert.Equal(vector.Hex("tree_hash_before"), TreeHasher.HashRoot(tree));
        TlsReader reader = new(vector.Hex("proposal"));
        switch (Proposal.Read(ref reader))
        {
            case AddProposal add:
                tree.Add(add.KeyPackage.Leaf);
                break;
            case RemoveProposal remove:
                tree.Remove(remove.Removed);
                break;
            case UpdateProposal update:
                tree.Update(new LeafIndex(vector.GetProperty("proposal_sender").GetUInt32()), update.Leaf);
                break;
            default:
                Assert.Fail("another kind of proposal");
                break;
        }

        Assert.Equal(vector.Hex("tree_after"), RatchetTreeCodec.Encode(tree));
        Assert.Equal(vector.Hex("tree_hash_after"), TreeHasher.HashRoot(tree));
        return true;
    });
}
