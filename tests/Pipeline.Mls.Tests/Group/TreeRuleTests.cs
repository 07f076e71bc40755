using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>
/// RFC 9420 §7.3 and §12.4.3.1: what a tree must be that a Welcome brings, one test for each rule. A hostile member signs everything
/// again, and the announced tree hash is true.
/// </summary>
public sealed class TreeRuleTests : IDisposable
{
    private const ushort Grease = 0x0A0A;

    private readonly OwnCall call = new(3);
    private readonly OwnMember victim;
    private readonly KeyPackageBundle bundle;
    private readonly byte[] welcome;

    public TreeRuleTests()
    {
        victim = call.Prepare(9);
        byte[] package = victim.Begin();
        bundle = victim.KeyPackage!;
        TlsReader reader = new(call.Service.Proposals([DeliveryService.Add(package)]));
        CommitResult result = call.Group(0).Commit(call.Group(0).ValidateProposals(reader.ReadVector()));
        result.NextState.Dispose();
        welcome = DeliveryService.Narrow(result.Welcome!, package);
    }

    public void Dispose()
    {
        victim.Dispose();
        call.Dispose();
    }

    [Fact]
    public void Good_leaf_in_place_of_another_is_taken() => Join(tree => tree.SetLeaf(new LeafIndex(2), Forge(2).Leaf())).Dispose();

    [Fact]
    public void Leaf_with_a_key_off_the_curve_is_refused() =>
        RefuseLeaf(MlsError.BadKey, Forge(2) with { EncryptionKey = LeafForge.OffCurve(LeafForge.NewKey()) });

    [Fact]
    public void Leaf_whose_signature_key_is_no_point_is_refused() =>
        RefuseLeaf(MlsError.BadKey, Forge(2) with { SignatureKey = [2, .. LeafForge.NewKey()[1..]] });

    [Fact]
    public void Leaf_without_our_suite_is_refused() =>
        RefuseLeaf(MlsError.UnsupportedCapabilities, Forge(2) with { Capabilities = Capabilities.Own with { CipherSuites = [] } });

    [Fact]
    public void Leaf_with_an_extension_that_it_does_not_support_is_refused() =>
        RefuseLeaf(MlsError.UnsupportedCapabilities, Forge(2) with { Extensions = [new Extension(Grease, [])] });

    [Fact]
    public void Leaf_with_a_user_id_of_another_length_is_refused() =>
        RefuseLeaf(MlsError.BadCredential, Forge(2) with { Credential = new Credential(Credential.Basic, new byte[4]) });

    [Fact]
    public void Leaf_signed_by_another_is_refused() =>
        RefuseLeaf(MlsError.BadSignature, Forge(2) with { SignatureKey = LeafForge.NewKey() });

    [Fact]
    public void Leaf_from_a_commit_is_signed_for_its_place() => RefuseLeaf(MlsError.BadSignature,
        Forge(2) with { Source = LeafNodeSource.Commit, Place = (call.Service.GroupId, 1) });

    [Fact]
    public void Parent_with_a_key_off_the_curve_is_refused()
    {
        static byte[] Good(PathStep step) => LeafForge.NewKey();
        Join(tree => SetPath(tree, Good)).Dispose();
        Refused.With(MlsError.BadKey, () => Join(tree => SetPath(tree, step => LeafForge.OffCurve(Good(step)))));
    }

    // §12.4.3.1, §7.3: over all members
    [Fact]
    public void Signature_keys_are_unique() => RefuseMembers(MlsError.DuplicateKey, tree =>
        tree.SetLeaf(new LeafIndex(2), (Forge(1) with { Credential = call[2].Identity.Credential }).Leaf()));

    [Fact]
    public void Encryption_keys_are_unique_among_leaves() => RefuseMembers(MlsError.DuplicateKey, tree =>
        tree.SetLeaf(new LeafIndex(2), (Forge(2) with { EncryptionKey = tree[new LeafIndex(1)]!.EncryptionKey }).Leaf()));

    [Fact]
    public void Encryption_keys_are_unique_among_leaves_and_parents() => RefuseMembers(MlsError.DuplicateKey, tree =>
        tree.SetParent(new NodeIndex(1), new ParentNode(tree[new LeafIndex(2)]!.EncryptionKey, [], [])));

    [Fact]
    public void User_ids_are_unique_in_a_call_alone()
    {
        void Twin(RatchetTree tree) => tree.SetLeaf(new LeafIndex(2), (Forge(2) with { Credential = call[1].Identity.Credential }).Leaf());
        RefuseMembers(MlsError.DuplicateIdentity, Twin);
        RatchetTree tree = call.Group(0).Tree.Copy();
        Twin(tree);
        TreeValidator.CheckMembers(tree, GroupPolicy.Rfc);
    }

    [Fact]
    public void Everybody_supports_every_credential_in_use()
    {
        Capabilities other = Capabilities.Own with { Credentials = [Credential.X509] };
        RefuseMembers(MlsError.UnsupportedCapabilities, tree =>
            tree.SetLeaf(new LeafIndex(2), (Forge(2) with { Capabilities = other }).Leaf()));
    }

    [Fact]
    public void More_members_than_a_group_may_have_are_refused() => RefuseMembers(MlsError.TooLarge, tree =>
    {
        LeafNode leaf = Forge(2).Leaf();
        for (int members = tree.Members().Count(); members <= 1000; members++) tree.Add(leaf);
    });

    // §12.4.3.1: unmerged leaves
    [Fact]
    public void Unmerged_leaf_is_a_member_below_its_node_and_unmerged_between()
    {
        Refused.With(MlsError.BadUnmergedLeaves, () => Join(tree => tree.SetParent(new NodeIndex(3), Parent([5]))));
        Refused.With(MlsError.BadUnmergedLeaves, () => Join(tree => tree.SetParent(new NodeIndex(1), Parent([2]))));
        Refused.With(MlsError.BadUnmergedLeaves, () => Join(tree =>
        {
            tree.SetParent(new NodeIndex(1), Parent([]));
            tree.SetParent(new NodeIndex(3), Parent([1]));
        }));
        // With the node between agreeing it is the parent hash that shows the forgery.
        Refused.With(MlsError.BadParentHash, () => Join(tree =>
        {
            tree.SetParent(new NodeIndex(1), Parent([1]));
            tree.SetParent(new NodeIndex(3), Parent([1]));
        }));
    }

    [Fact]
    public void Welcome_of_another_suite_or_without_end_is_refused()
    {
        Welcome parsed = Welcome.Parse(welcome);
        Refused.With(MlsError.WrongCipherSuite, () => Take(parsed with { Suite = 1 }));
        Refused.With(MlsError.TooLarge, () =>
            Take(parsed with { Secrets = [.. Enumerable.Repeat(parsed.Secrets[0], 1001)] }));
        Take(parsed with { Secrets = [.. Enumerable.Repeat(parsed.Secrets[0], 1000)] }).Dispose();
    }

    private static ParentNode Parent(uint[] unmerged) => new(LeafForge.NewKey(), [], unmerged);

    private LeafForge Forge(int leaf) => new(call[leaf].Identity) { EncryptionKey = LeafForge.NewKey() };

    // As if user 1 had committed with a path, its parent hashes and its leaf's signature right.
    private void SetPath(RatchetTree tree, Func<PathStep, byte[]> key)
    {
        List<PathStep> steps = tree.FilteredDirectPath(new LeafIndex(0));
        byte[] parentHash = TreeKem.ReplacePath(tree, new LeafIndex(0), steps, [.. steps.Select(key)]);
        tree.SetLeaf(new LeafIndex(0), tree[new LeafIndex(0)]!.RenewForCommit(call[0].Identity, LeafForge.NewKey(), parentHash,
            call.Service.GroupId, new LeafIndex(0)));
    }

    private void RefuseLeaf(MlsError error, LeafForge forge)
    {
        LeafNode leaf = forge.Leaf();
        Refused.With(error, () => Join(tree => tree.SetLeaf(new LeafIndex(2), leaf)));
    }

    // By a commit as well as by a Welcome.
    private void RefuseMembers(MlsError error, Action<RatchetTree> change)
    {
        RatchetTree tree = call.Group(0).Tree.Copy();
        change(tree);
        Refused.With(error, () => TreeValidator.CheckMembers(tree, GroupPolicy.Dave));
        Refused.With(error, () => TreeValidator.CheckForJoin(tree, call.Service.GroupId, GroupPolicy.Dave, []));
    }

    private GroupState Take(Welcome changed) => GroupState.Join(changed.Encode(), bundle, victim.Expect(_ => true));

    private GroupState Join(Action<RatchetTree> change)
    {
        byte[] forged = WelcomeForger.Forge(welcome, bundle, call[0].Identity, info =>
        {
            RatchetTree tree = RatchetTreeCodec.Parse(info.Extensions[0].Data);
            change(tree);
            GroupContext context = info.Context with { TreeHash = TreeHasher.HashRoot(tree) };
            return info with { Context = context, Extensions = [new Extension(Extension.RatchetTree, RatchetTreeCodec.Encode(tree))] };
        }, confirm: true);
        return GroupState.Join(forged, bundle, victim.Expect(_ => true));
    }
}
