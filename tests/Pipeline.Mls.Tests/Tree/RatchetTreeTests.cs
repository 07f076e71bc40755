using Pipeline.Mls.Crypto;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Tree;

public sealed class RatchetTreeTests
{
    /// <summary>Hashes kept along unchanged paths must equal those of the same tree read from scratch.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Kept_hashes_equal_fresh_ones_after_every_change(int seed)
    {
        Random random = new(seed);
        ulong user = 1;
        RatchetTree tree = new(Leaf(user));
        HashSet<uint> members = [0];
        for (int change = 0; change < 120; change++)
        {
            RatchetTree before = tree;
            byte[] hashBefore = TreeHasher.HashRoot(before);
            tree = tree.Copy();
            if (members.Count < 2 || random.Next(5) < 3) members.Add(tree.Add(Leaf(++user)).Value);
            else Remove(tree, members, random);
            if (random.Next(3) == 0) PutParents(tree, members.ElementAt(random.Next(members.Count)));

            Assert.Equal(TreeHasher.HashRoot(RatchetTreeCodec.Parse(RatchetTreeCodec.Encode(tree))), TreeHasher.HashRoot(tree));
            Assert.Equal(members.Order(), tree.Members().Select(member => member.Index.Value));
            Assert.True(uint.IsPow2(tree.LeafCount));
            Assert.True(tree.LeafCount == 1 || members.Max() >= tree.LeafCount / 2, "an empty right half");
            Assert.Equal(hashBefore, TreeHasher.HashRoot(RatchetTreeCodec.Parse(RatchetTreeCodec.Encode(before))));
        }
    }

    [Fact]
    public void Newcomers_take_the_leftmost_blank_and_stay_unmerged_above()
    {
        RatchetTree tree = new(Leaf(1));
        for (ulong user = 2; user <= 4; user++) tree.Add(Leaf(user));
        tree.Remove(new LeafIndex(1));
        PutParents(tree, 0);
        Assert.Equal(1u, tree.Add(Leaf(9)).Value);
        // The lowest node above leaf 0 has nobody on its other side, so it is blank; the root knows the newcomer as unmerged.
        Assert.True(tree.IsBlank(new NodeIndex(1)));
        Assert.Equal([1u], tree.Parent(tree.Root)!.UnmergedLeaves);
        Assert.Equal([3u, 2u], tree.Resolution(tree.Root).Select(node => node.Value));
    }

    [Fact]
    public void First_leaf_is_filled_again_and_the_last_one_leaves_a_tree_of_one()
    {
        RatchetTree tree = new(Leaf(1));
        tree.Add(Leaf(2));
        tree.Remove(new LeafIndex(0));
        Assert.Equal((0u, 2u), (tree.Add(Leaf(3)).Value, tree.LeafCount));

        tree.Remove(new LeafIndex(1));
        tree.Remove(new LeafIndex(0));
        Assert.Equal((1u, 1u), (tree.LeafCount, tree.NodeCount));
        Assert.Empty(tree.Members());
    }

    [Fact]
    public void A_tree_of_1024_leaves_is_full()
    {
        LeafNode leaf = Leaf(1);
        RatchetTree tree = new(leaf);
        for (int i = 1; i < 1024; i++) tree.Add(leaf);
        Assert.Equal(MlsError.TooLarge, Assert.Throws<MlsException>(() => tree.Add(leaf)).Error);
    }

    private static LeafNode Leaf(ulong user)
    {
        using MlsIdentity identity = MlsIdentity.Create(user);
        using HpkeKeyPair keys = HpkeKeyPair.Generate();
        return LeafNode.CreateForKeyPackage(identity, keys.PublicKey);
    }

    private static void Remove(RatchetTree tree, HashSet<uint> members, Random random)
    {
        uint leaf = members.ElementAt(random.Next(members.Count));
        members.Remove(leaf);
        tree.Remove(new LeafIndex(leaf));
    }

    private static void PutParents(RatchetTree tree, uint leaf)
    {
        List<PathStep> steps = tree.FilteredDirectPath(new LeafIndex(leaf));
        TreeKem.ReplacePath(tree, new LeafIndex(leaf), steps, [.. steps.Select(step => new byte[] { 4, (byte)step.Node.Value })]);
    }
}
