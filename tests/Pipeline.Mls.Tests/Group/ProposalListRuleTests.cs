using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>RFC 9420 §12.1 to §12.4: which proposals can stand together in one commit, one test for each rule.</summary>
public sealed class ProposalListRuleTests : IDisposable
{
    private const ushort Grease = 0x0A0A;
    private static readonly LeafIndex Committer = new(0);
    private static readonly PreSharedKeyId Psk = new(true, 0, [1], 0, new byte[32]);

    private readonly OwnCall call = new(4);
    private readonly MlsIdentity newcomer = MlsIdentity.Create(9);

    public void Dispose()
    {
        newcomer.Dispose();
        call.Dispose();
    }

    // We are leaf 2.
    private GroupState Group => call.Group(2);

    // §12.4
    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(3, 1, false)]
    [InlineData(2, 0, false)]
    [InlineData(2, 1, true)]
    [InlineData(2, 3, true)]
    [InlineData(2, 4, false)]
    public void Pre_shared_key_of_an_unknown_type_or_usage_is_malformed(byte type, byte usage, bool isRead)
    {
        using TlsWriter writer = new();
        writer.WriteUInt8(type);
        writer.WriteUInt8(usage);
        writer.WriteVector([1]);
        writer.WriteUInt64(0);
        writer.WriteVector(new byte[32]);
        byte[] bytes = writer.ToArray();
        if (isRead) Assert.Equal(usage, Read().Usage);
        else Refused.With(MlsError.Malformed, () => Read());

        PreSharedKeyId Read()
        {
            TlsReader reader = new(bytes);
            return PreSharedKeyId.Read(ref reader);
        }
    }

    [Fact]
    public void Path_is_needed_by_all_but_adds_and_keys()
    {
        Assert.True(List(Array.Empty<Proposal>()).NeedsPath);
        Assert.False(List(Add(), new PreSharedKeyProposal(Psk)).NeedsPath);
        Assert.True(List(Add(), Remove(1)).NeedsPath);
        Assert.True(List((Update(1), 1)).NeedsPath);
        Assert.True(List(new GroupContextExtensionsProposal([])).NeedsPath);
    }

    // §12.3
    [Fact]
    public void Adds_come_after_removes_and_take_their_places()
    {
        RatchetTree tree = Group.Tree.Copy();
        Assert.Equal([1u], List(Add(), Remove(1)).ApplyTo(tree).Select(added => added.Index.Value));
        Assert.Equal(9ul, UserOf(tree, 1));
    }

    [Fact]
    public void Update_replaces_its_senders_leaf_and_blanks_its_path()
    {
        RatchetTree tree = Group.Tree.Copy();
        tree.SetParent(new NodeIndex(1), new ParentNode(LeafForge.NewKey(), [], []));
        UpdateProposal update = Update(1);
        List((update, 1)).ApplyTo(tree);
        Assert.Same(update.Leaf, tree[new LeafIndex(1)]);
        Assert.True(tree.IsBlank(new NodeIndex(1)));
    }

    // §12.2
    [Fact]
    public void Nobody_is_changed_twice()
    {
        Refuse(MlsError.BadProposalList, (Remove(1), 0), (Remove(1), 0));
        Refuse(MlsError.BadProposalList, (Update(1), 1), (Remove(1), 0));
        Refuse(MlsError.BadProposalList, (Update(1), 1), (Update(1), 1));
    }

    [Fact]
    public void Committer_is_changed_by_its_path_alone()
    {
        Refuse(MlsError.BadProposalList, (Update(0), 0));
        Refuse(MlsError.BadProposalList, (Remove(0), 3));
    }

    [Fact]
    public void Group_has_its_extensions_replaced_once()
    {
        GroupContextExtensionsProposal extensions = new([]);
        Refuse(MlsError.BadProposalList, (extensions, 0), (extensions, 1));
    }

    [Fact]
    public void Pre_shared_key_is_mixed_in_once()
    {
        Refuse(MlsError.BadProposalList, (new PreSharedKeyProposal(Psk), 0), (new PreSharedKeyProposal(Psk), 1));
        PreSharedKeyId[] different = [Psk, Psk with { Id = [2] }, new(false, 1, [1], 0, Psk.Nonce), new(false, 1, [1], 1, Psk.Nonce)];
        Assert.Equal(4, List([.. different.Select(psk => new PreSharedKeyProposal(psk))]).Psks.Count);
    }

    [Fact]
    public void Added_member_supports_the_extensions_that_the_same_commit_brings() =>
        Refuse(MlsError.UnsupportedCapabilities, (Add(), 0), (new GroupContextExtensionsProposal([new Extension(Grease, [])]), 0));

    [Fact]
    public void Reinit_stands_in_no_list() => Refuse(MlsError.ProposalNotAllowed, (new ReInitProposal([], 1, 2, []), 0));

    [Fact]
    public void More_proposals_than_members_are_refused()
    {
        Proposal[] keys = [.. Enumerable.Range(0, 1001)
            .Select(id => new PreSharedKeyProposal(Psk with { Id = BitConverter.GetBytes(id) }))];
        Assert.Equal(1000, List(keys[..1000]).Psks.Count);
        Refuse(MlsError.TooLarge, [.. keys.Select(key => (key, 0u))]);
    }

    // §12.1.2, §12.1.3
    [Fact]
    public void What_is_changed_exists()
    {
        Refuse(MlsError.UnknownLeaf, (Remove(4), 0));
        Refuse(MlsError.UnknownLeaf, (Update(1), 5));
    }

    // §12.1.2, §7.3
    [Fact]
    public void Update_of_ours_that_we_never_proposed_is_refused() => Refuse(MlsError.ProposalNotAllowed, (Update(2), 2));

    [Theory]
    [InlineData(LeafNodeSource.KeyPackage)]
    [InlineData(LeafNodeSource.Commit)]
    internal void Update_brings_a_leaf_from_an_update(LeafNodeSource source) =>
        Refuse(MlsError.WrongLeafSource, (new UpdateProposal((Forge(1) with { Source = source }).Leaf()), 1));

    [Fact]
    public void Update_brings_a_new_encryption_key() => Refuse(MlsError.DuplicateKey,
        (new UpdateProposal((Forge(1) with { EncryptionKey = Group.Tree[new LeafIndex(1)]!.EncryptionKey }).Leaf()), 1));

    [Fact]
    public void Updated_leaf_is_checked_as_any_leaf() => Refuse(MlsError.BadKey,
        (new UpdateProposal((Forge(1) with { EncryptionKey = LeafForge.OffCurve(LeafForge.NewKey()) }).Leaf()), 1));

    [Fact]
    public void Update_is_signed_for_its_place_and_group()
    {
        Refuse(MlsError.BadSignature, (new UpdateProposal((Forge(1) with { Place = (call.Service.GroupId, 3) }).Leaf()), 1));
        Refuse(MlsError.BadSignature, (new UpdateProposal((Forge(1) with { Place = (new byte[8], 1) }).Leaf()), 1));
    }

    // §12.1.8, and what DAVE allows beside it
    [Fact]
    public void Proposals_are_allowed_by_kind_and_sender()
    {
        Sender member = new(SenderType.Member, 0), external = new(SenderType.External, 0);
        foreach (ProposalKind kind in Enum.GetValues<ProposalKind>())
        {
            bool always = kind is ProposalKind.Add or ProposalKind.Remove;
            bool ends = kind is ProposalKind.ReInit or ProposalKind.ExternalInit;
            Assert.Equal((always, false), (Allows(GroupPolicy.Dave, kind, external), Allows(GroupPolicy.Dave, kind, member)));
            Assert.Equal((!ends && kind != ProposalKind.Update, !ends),
                (Allows(GroupPolicy.Rfc, kind, external), Allows(GroupPolicy.Rfc, kind, member)));
        }
    }

    // §8.4, §12.1.1, §12.1.3
    [Fact]
    public void Each_proposal_is_checked_by_itself()
    {
        PreSharedKeyProposal shortNonce = new(Psk with { Nonce = new byte[31] });
        Refused.With(MlsError.UnknownPreSharedKey, () => ProposalReceiver.CheckAlone(Group, shortNonce));
        Refused.With(MlsError.UnknownLeaf, () => ProposalReceiver.CheckAlone(Group, Remove(4)));
        AddProposal bad = new((new LeafForge(newcomer) with { Version = 2 }).KeyPackage());
        Refused.With(MlsError.WrongVersion, () => ProposalReceiver.CheckAlone(Group, bad));
    }

    private static ulong UserOf(RatchetTree tree, uint leaf) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(tree[new LeafIndex(leaf)]!.Credential.Identity);

    private static bool Allows(GroupPolicy policy, ProposalKind kind, Sender sender)
    {
        try
        {
            ProposalReceiver.CheckAllowed(policy, kind, sender);
            return true;
        }
        catch (MlsException refusal)
        {
            Assert.Equal(MlsError.ProposalNotAllowed, refusal.Error);
            return false;
        }
    }

    private static RemoveProposal Remove(uint leaf) => new(new LeafIndex(leaf));

    private AddProposal Add() => new(new LeafForge(newcomer).KeyPackage());

    private LeafForge Forge(int leaf) => new(call[leaf].Identity)
    {
        Source = LeafNodeSource.Update,
        EncryptionKey = LeafForge.NewKey(),
        Place = (call.Service.GroupId, (uint)leaf),
    };

    private UpdateProposal Update(int leaf) => new(Forge(leaf).Leaf());

    private ProposalList List(params Proposal[] proposals) => List([.. proposals.Select(proposal => (proposal, Committer.Value))]);

    private ProposalList List(params (Proposal Proposal, uint By)[] proposals) => ProposalList.Check(
        [.. proposals.Select(one => new ProposedChange(one.Proposal, new Sender(SenderType.Member, one.By)))], Committer, Group);

    private void Refuse(MlsError error, params (Proposal Proposal, uint By)[] proposals) => Refused.With(error, () => List(proposals));
}
