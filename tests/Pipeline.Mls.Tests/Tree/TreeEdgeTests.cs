using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Group;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Tree;

/// <summary>Shapes of trees that calls of our own never make, and peers may.</summary>
public sealed class TreeEdgeTests : IDisposable
{
    private readonly OwnCall call = new(4);

    public void Dispose() => call.Dispose();

    private RatchetTree Tree => call.Group(0).Tree.Copy();

    // RFC 9420 §7.1
    [Theory]
    [InlineData(true, new uint[0])]
    [InlineData(true, new uint[] { 2 })]
    [InlineData(true, new uint[] { 1, 2, 7 })]
    [InlineData(false, new uint[] { 2, 1 })]
    [InlineData(false, new uint[] { 1, 1 })]
    [InlineData(false, new uint[] { 1, 3, 2 })]
    public void Unmerged_leaves_stand_in_increasing_order(bool isGood, uint[] leaves)
    {
        using TlsWriter writer = new();
        new ParentNode([4], [5], leaves).Write(writer);
        byte[] bytes = writer.ToArray();
        void Read()
        {
            TlsReader reader = new(bytes);
            Assert.Equal(leaves, ParentNode.Read(ref reader).UnmergedLeaves);
        }
        if (isGood) Read();
        else Refused.With(MlsError.BadUnmergedLeaves, Read);
    }

    // RFC 9420 §12.4.3.3: what follows the last node is blank, also where that is a parent.
    [Fact]
    public void Tree_whose_last_node_is_a_parent_is_filled_up_with_blanks()
    {
        RatchetTree tree = new(Tree[new LeafIndex(0)]!);
        tree.Add(Tree[new LeafIndex(1)]!);
        tree.SetLeaf(new LeafIndex(1), null);
        tree.SetParent(new NodeIndex(1), new ParentNode(LeafForge.NewKey(), [], []));
        RatchetTree read = RatchetTreeCodec.Parse(RatchetTreeCodec.Encode(tree));
        Assert.Equal((2u, 3u), (read.LeafCount, read.NodeCount));
        Assert.Null(read[new LeafIndex(1)]);
        Assert.NotNull(read.Parent(new NodeIndex(1)));
        Assert.Equal(TreeHasher.HashRoot(tree), TreeHasher.HashRoot(read));
    }

    // RFC 9420 §12.4.3.3
    [Theory]
    [InlineData("0100")] // one blank node
    [InlineData("00")] // no node
    [InlineData("0400000000")] // nothing but blanks
    public void Tree_that_ends_in_a_blank_is_refused(string hex) =>
        Refused.With(MlsError.BadTreeShape, () => RatchetTreeCodec.Parse(Convert.FromHexString(hex)));

    // RFC 9420 §12.4.3.3: leaves (1) stand at even places, parents (2) at odd ones.
    [Theory]
    [InlineData(1, 2, true)]
    [InlineData(2, 2, false)]
    [InlineData(0, 2, false)]
    [InlineData(1, 1, false)]
    [InlineData(1, 3, false)]
    public void Node_is_of_the_type_of_its_place(byte first, byte second, bool isRead)
    {
        using TlsWriter writer = new();
        int start = writer.BeginVector();
        writer.WriteBytes([1, first]);
        Tree[new LeafIndex(0)]!.Write(writer);
        writer.WriteBytes([1, second]);
        new ParentNode(LeafForge.NewKey(), [], []).Write(writer);
        writer.EndVector(start);
        byte[] nodes = writer.ToArray();
        if (isRead) Assert.Equal(2u, RatchetTreeCodec.Parse(nodes).LeafCount);
        else Refused.With(MlsError.BadTreeShape, () => RatchetTreeCodec.Parse(nodes));
    }

    [Fact]
    public void Tree_of_more_nodes_than_1024_leaves_have_is_refused_and_of_as_many_is_read()
    {
        LeafNode leaf = Tree[new LeafIndex(0)]!;
        byte[] Nodes(int count)
        {
            using TlsWriter writer = new();
            int start = writer.BeginVector();
            for (int i = 1; i < count; i++) writer.WritePresence(false);
            writer.WritePresence(true);
            writer.WriteUInt8(1);
            leaf.Write(writer);
            writer.EndVector(start);
            return writer.ToArray();
        }
        Assert.Equal(1024u, RatchetTreeCodec.Parse(Nodes(2047)).LeafCount);
        Refused.With(MlsError.TooLarge, () => RatchetTreeCodec.Parse(Nodes(2048)));
    }

    // RFC 9420 §7.5: nodes of the direct path that are not on the filtered one are blank afterwards.
    [Fact]
    public void New_path_leaves_no_key_of_an_older_one_above_its_leaf()
    {
        RatchetTree tree = Tree;
        tree.SetParent(new NodeIndex(1), new ParentNode(LeafForge.NewKey(), [], []));
        tree.SetLeaf(new LeafIndex(1), null);
        List<PathStep> steps = tree.FilteredDirectPath(new LeafIndex(0));
        Assert.Equal([tree.Root], steps.Select(step => step.Node));
        TreeKem.ReplacePath(tree, new LeafIndex(0), steps, [LeafForge.NewKey()]);
        Assert.True(tree.IsBlank(new NodeIndex(1)));
        Assert.False(tree.IsBlank(tree.Root));
    }

    [Fact]
    public void Path_has_nothing_for_its_own_maker()
    {
        RatchetTree tree = Tree;
        using OwnPath path = OwnPath.Create(tree, new LeafIndex(0), call[0].Identity, call.Service.GroupId);
        UpdatePath sent = path.Encrypt(tree, new HashSet<NodeIndex>(), []);
        Refused.With(MlsError.BadUpdatePath, () =>
            TreeKem.Decrypt(tree, new LeafIndex(0), sent, new HashSet<NodeIndex>(), path.Keys, []));
        path.Keys.Dispose();
    }

    // RFC 9420 §12.4.2: who is added by the commit itself is not among those to whom its path is sealed.
    [Fact]
    public void Path_has_nothing_for_whom_the_commit_adds()
    {
        RatchetTree tree = Tree;
        using OwnPath path = OwnPath.Create(tree, new LeafIndex(0), call[0].Identity, call.Service.GroupId);
        HashSet<NodeIndex> added = [new LeafIndex(1).Node];
        UpdatePath sent = path.Encrypt(tree, added, []);
        using TreePrivateKeys keys = new(new LeafIndex(1), HpkeKeyPair.Generate());
        Refused.With(MlsError.BadUpdatePath, () => TreeKem.Decrypt(tree, new LeafIndex(0), sent, added, keys, []));
        path.Keys.Dispose();
    }

    // RFC 9420 §7.4: KDF.Nh bytes, though keys could be made of any.
    [Theory]
    [InlineData(31, false)]
    [InlineData(32, true)]
    [InlineData(33, false)]
    public void Path_secret_has_32_bytes(int length, bool isTaken)
    {
        byte[] secret = [.. Enumerable.Repeat((byte)7, length)];
        using HpkeKeyPair node = TreeKem.DeriveNodeKeys(secret), own = HpkeKeyPair.Generate();
        RatchetTree tree = new([Tree[new LeafIndex(0)], Tree[new LeafIndex(1)]], [new ParentNode(node.PublicKey.ToArray(), [], [])]);
        using TreePrivateKeys keys = new(new LeafIndex(1), own.Copy());
        UpdatePath path = new(tree[new LeafIndex(0)]!, [new UpdatePathNode(node.PublicKey.ToArray(),
            [Hpke.EncryptWithLabel(own.PublicKey, TreeKem.EncryptionLabel, [], secret)])]);
        byte[] Decrypt() => TreeKem.Decrypt(tree, new LeafIndex(0), path, new HashSet<NodeIndex>(), keys, []);
        if (isTaken) Assert.Equal(Kdf.DeriveSecret(secret, "path"), Decrypt());
        else Refused.With(MlsError.BadUpdatePath, () => Decrypt());
    }

    [Fact]
    public void Keys_of_nodes_that_are_cut_off_or_changed_are_not_taken_along()
    {
        using TreePrivateKeys keys = new(new LeafIndex(0), HpkeKeyPair.Generate());
        RatchetTree tree = Tree;
        foreach (uint node in (uint[])[1, 3])
        {
            HpkeKeyPair pair = HpkeKeyPair.Generate();
            keys.Set(new NodeIndex(node), pair);
            tree.SetParent(new NodeIndex(node), new ParentNode(pair.PublicKey.ToArray(), [], []));
        }
        using TreePrivateKeys all = keys.CopyFor(tree);
        Assert.Equal([true, true], new[] { 1u, 3u }.Select(node => all.Find(new NodeIndex(node)) is not null));
        Assert.NotSame(keys.Find(new NodeIndex(1)), all.Find(new NodeIndex(1)));

        RatchetTree half = new([tree[new LeafIndex(0)], tree[new LeafIndex(1)]], [tree.Parent(new NodeIndex(1))]);
        using TreePrivateKeys left = keys.CopyFor(half);
        Assert.Equal([true, false], new[] { 1u, 3u }.Select(node => left.Find(new NodeIndex(node)) is not null));

        tree.SetParent(new NodeIndex(1), new ParentNode(LeafForge.NewKey(), [], []));
        tree.SetParent(new NodeIndex(3), null);
        using TreePrivateKeys none = keys.CopyFor(tree);
        Assert.Equal([false, false], new[] { 1u, 3u }.Select(node => none.Find(new NodeIndex(node)) is not null));
        Assert.NotNull(none.Find(new NodeIndex(0)));
    }

    // RFC 9420 §7.9.2: of the child's resolution all but the one that carries the hash, and nobody else, are unmerged.
    [Theory]
    [InlineData(true, new uint[] { 1 }, false)]
    [InlineData(false, new uint[] { }, false)]
    [InlineData(false, new uint[] { 0 }, false)]
    [InlineData(false, new uint[] { 0, 1 }, false)]
    [InlineData(true, new uint[] { 3 }, true)]
    [InlineData(false, new uint[] { 2 }, true)]
    [InlineData(true, new uint[] { 1, 3 }, false)]
    public void Parent_hash_counts_where_the_rest_of_the_resolution_is_unmerged(bool isGood, uint[] unmerged, bool isRight)
    {
        RatchetTree tree = Tree;
        tree.SetParent(tree.Root, new ParentNode(LeafForge.NewKey(), [], unmerged));
        LeafIndex carrier = new(isRight ? 2u : 0u);
        NodeIndex sibling = isRight ? TreeMath.Left(tree.Root) : TreeMath.Right(tree.Root);
        byte[] hash = TreeHasher.ParentHash(tree.Parent(tree.Root)!, TreeHasher.HashWithout(tree, sibling, unmerged.ToHashSet()));
        tree.SetLeaf(carrier, tree[carrier]!.RenewForCommit(call[(int)carrier.Value].Identity, LeafForge.NewKey(), hash,
            call.Service.GroupId, carrier));
        if (isGood) ParentHashValidator.Check(tree);
        else Refused.With(MlsError.BadParentHash, () => ParentHashValidator.Check(tree));
    }

    // RFC 9420 §12.4.1: who is added by the same commit gets nothing by the path.
    [Fact]
    public void Commit_that_removes_and_adds_leads_the_others_and_the_newcomer_to_one_epoch()
    {
        using OwnMember newcomer = call.Prepare(9);
        byte[] package = newcomer.Begin();
        TlsReader reader = new(call.Service.Proposals([DeliveryService.Remove(1), DeliveryService.Add(package)]));
        byte[] proposals = reader.ReadVector().ToArray();
        CommitResult commit = call.Group(0).Commit(call.Group(0).ValidateProposals(proposals));
        using GroupState made = commit.NextState;
        using GroupState followed = call.Group(2).Apply(commit.Commit, call.Group(2).ValidateProposals(proposals));
        using GroupState joined = GroupState.Join(DeliveryService.Narrow(commit.Welcome!, package), newcomer.KeyPackage!,
            newcomer.Expect(_ => true));
        Assert.Equal(made.EpochAuthenticator.ToArray(), followed.EpochAuthenticator.ToArray());
        Assert.Equal(made.EpochAuthenticator.ToArray(), joined.EpochAuthenticator.ToArray());
        foreach (GroupState state in new[] { made, followed, joined })
        {
            foreach ((NodeIndex index, ParentNode node) in state.Tree.Parents())
            {
                if (state.Keys.Find(index) is { } known) Assert.Equal(node.EncryptionKey, known.PublicKey.ToArray());
            }
        }
        Assert.NotNull(made.Keys.Find(made.Tree.Root));
        Assert.NotNull(joined.Keys.Find(joined.Tree.Root));
    }
}
