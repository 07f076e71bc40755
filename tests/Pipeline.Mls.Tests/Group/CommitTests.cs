using System.Security.Cryptography;
using CsCheck;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>Commits of user 1 in a call of five, as user 3 sees them, and what a hostile user 1 could make of them.</summary>
public sealed class CommitTests : IDisposable
{
    private readonly OwnCall call = new(5);
    private readonly IReadOnlyList<QueuedProposal> proposals;
    private readonly byte[] commit;

    public CommitTests()
    {
        TlsReader reader = new(call.Service.Proposals([DeliveryService.Remove(1)]));
        proposals = Group.ValidateProposals(reader.ReadVector());
        commit = CommitOf(0, proposals);
    }

    private GroupState Group => call.Group(2);

    [Fact]
    public void Refused_commits_leave_the_state_as_it_was()
    {
        byte[] before = Group.EpochAuthenticator.ToArray();
        Refused.EveryChange(commit, changed => Group.Apply(changed, proposals));
        Assert.Equal(before, Group.EpochAuthenticator.ToArray());
        using GroupState next = Group.Apply(commit, proposals);
        Assert.Equal([1ul, 3, 4, 5], next.Members.Select(member => member.UserId));
        Assert.Equal(before, Group.EpochAuthenticator.ToArray());
    }

    [Fact]
    public void No_spliced_commit_is_taken() => Mutations.Of(commit).Sample(changed =>
    {
        if (changed.AsSpan().SequenceEqual(commit)) return;
        Refused.Somehow(() => Group.Apply(changed, proposals), Convert.ToHexString(changed));
    }, seed: "0N0XIzNsQ0O2", iter: 1000, threads: 1);

    [Fact]
    public void Our_own_commit_comes_with_its_state() =>
        Refused.With(MlsError.OwnCommit, () => Group.Apply(CommitOf(2, proposals), proposals));

    [Fact]
    public void A_commit_that_removes_us_has_no_next_epoch_for_us()
    {
        QueuedProposal remove = Group.ValidateProposal(call.Sign(DeliveryService.Remove(2)));
        Refused.With(MlsError.RemovesOurselves, () => Group.Apply(CommitOf(0, [remove]), [remove]));
    }

    [Fact]
    public void Proposals_must_be_held_and_of_this_epoch()
    {
        Refused.With(MlsError.UnknownProposal, () => Group.Apply(commit, []));
        using GroupState next = Group.Apply(commit, proposals);
        Refused.With(MlsError.WrongEpoch, () => next.Apply(commit, proposals));
        Refused.With(MlsError.WrongEpoch, () => next.Commit(proposals));
    }

    [Fact]
    public void Proposal_of_an_earlier_epoch_is_not_among_those_that_are_held()
    {
        QueuedProposal earlier = new(proposals[0].Reference, Group.Epoch - 1, proposals[0].Proposal, proposals[0].Sender, new byte[8]);
        Refused.With(MlsError.UnknownProposal, () => Group.Apply(commit, [earlier]));
    }

    [Fact]
    public void Corrupted_confirmation_tag_is_refused() => RefusedForgery(
        MlsError.BadConfirmationTag, commit => commit, tag => [(byte)(tag[0] ^ 1), .. tag[1..]]);

    [Fact]
    public void Membership_and_signature_are_checked()
    {
        PublicMessage message = PublicMessage.Parse(commit);
        Refused.With(MlsError.BadMembershipTag, () =>
            Group.Apply((message with { MembershipTag = new byte[32] }).EncodeMessage(), proposals));
        // Another member has the membership key, but not user 1's signature key.
        AuthenticatedContent foreign = AuthenticatedContent.Sign(
            message.Content, Group.ContextBytes, call[3].Identity.Key) with
        { ConfirmationTag = message.Authenticated.ConfirmationTag };
        PublicMessage resigned = PublicMessage.Protect(foreign, Group.Secrets.MembershipKey, Group.ContextBytes);
        Refused.With(MlsError.BadSignature, () => Group.Apply(resigned.EncodeMessage(), proposals));
    }

    [Fact]
    public void Only_members_commit()
    {
        Refused.With(MlsError.WrongSender, () => Group.Apply(Reframe(new Sender(SenderType.External, 0)), proposals));
        Refused.With(MlsError.WrongSender, () => Group.Apply(Reframe(new Sender(SenderType.NewMemberCommit, 0)), proposals));
        Refused.With(MlsError.WrongSender, () => Group.Apply(Reframe(new Sender(SenderType.Member, 5)), proposals));
        Refused.With(MlsError.WrongSender, () => Group.Apply(Reframe(new Sender(SenderType.Member, uint.MaxValue)), proposals));
        Refused.With(MlsError.WrongMessageType, () => Group.Apply(call.Sign(DeliveryService.Remove(1)), proposals));
        byte[] ofAnotherGroup = Forge(content => content with { GroupId = new byte[8] }, tag => tag);
        Refused.With(MlsError.WrongGroup, () => Group.Apply(ofAnotherGroup, proposals));
    }

    [Fact]
    public void Commit_that_adds_a_member_once_more_is_refused()
    {
        using MlsIdentity twin = MlsIdentity.Create(4);
        using KeyPackageBundle bundle = KeyPackageBundle.Create(twin);
        QueuedProposal add = Group.ValidateProposal(call.Sign(DeliveryService.Add(bundle.KeyPackage.ToArray())));
        Commit hostile = new([new ProposalOrReference(null, add.Reference.Hash.ToArray())], null);
        byte[] forged = Forge(content => content with { Commit = hostile }, tag => tag);
        Refused.With(MlsError.DuplicateIdentity, () => Group.Apply(forged, [add]));
    }

    [Fact]
    public void Removes_need_a_path() => RefusedForgery(MlsError.BadUpdatePath, commit => commit with { Path = null });

    [Fact]
    public void Proposals_by_value_are_refused()
    {
        RefusedForgery(MlsError.ProposalNotAllowed, commit => commit with
        {
            Proposals = [new ProposalOrReference(new RemoveProposal(new LeafIndex(1)), null)],
        });
        RefusedForgery(MlsError.ProposalNotAllowed, commit => commit with
        {
            Proposals = [.. commit.Proposals, new ProposalOrReference(new GroupContextExtensionsProposal([]), null)],
        });
    }

    [Fact]
    public void Wrong_references_are_refused()
    {
        RefusedForgery(MlsError.UnknownProposal, commit => commit with { Proposals = [new ProposalOrReference(null, new byte[32])] });
        RefusedForgery(MlsError.Malformed, commit => commit with { Proposals = [new ProposalOrReference(null, new byte[31])] });
        RefusedForgery(MlsError.BadProposalList, commit => commit with { Proposals = [.. commit.Proposals, .. commit.Proposals] });
    }

    [Fact]
    public void Paths_of_the_wrong_shape_are_refused()
    {
        RefusedPath(MlsError.BadUpdatePath, path => path with { Nodes = [.. path.Nodes.Skip(1)] });
        RefusedPath(MlsError.BadUpdatePath, path => path with { Nodes = [.. path.Nodes, path.Nodes[0]] });
        RefusedPath(MlsError.BadUpdatePath, path => path with { Nodes = [.. path.Nodes.Select(node => node with { Ciphertexts = [] })] });
        RefusedPath(MlsError.BadParentHash, path => path with { Nodes = [.. path.Nodes.Reverse()] }, evenShape: true);
        RefusedPath(MlsError.BadKey, path =>
            path with { Nodes = [.. path.Nodes.Select(node => node with { EncryptionKey = OffCurve(node.EncryptionKey) })] });
    }

    [Fact]
    public void Paths_that_do_not_decrypt_are_refused() => RefusedPath(MlsError.BadCiphertext, path => path with
    {
        Nodes = [.. path.Nodes.Select(node => node with
        {
            Ciphertexts = [.. node.Ciphertexts.Select(item => new HpkeCiphertext(item.KemOutput, new byte[48]))],
        })],
    });

    [Fact]
    public void Huge_paths_are_refused_without_much_memory()
    {
        HpkeCiphertext empty = new([], []);
        UpdatePathNode wide = new([], [.. Enumerable.Repeat(empty, 4000)]);
        UpdatePathNode tooWide = new([], [.. Enumerable.Repeat(empty, 500_000)]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RefusedPath(MlsError.BadKey, path => path with { Nodes = [.. Enumerable.Repeat(wide, 200)] });
        RefusedPath(MlsError.TooLarge, path => path with { Nodes = [tooWide] });
        RefusedPath(MlsError.TooLarge, path => path with { Nodes = [tooWide, tooWide, tooWide] });
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 200_000_000, $"{allocated} bytes");
    }

    [Fact]
    public void Leaves_of_other_sources_or_keys_are_refused()
    {
        RefusedPath(MlsError.WrongLeafSource, path => path with { Leaf = Group.Tree[new LeafIndex(0)]! });
        RefusedPath(MlsError.DuplicateKey, path => path with { Leaf = LeafWith(0, Group.Tree[new LeafIndex(0)]!.EncryptionKey, 0) });
        RefusedPath(MlsError.BadSignature, path => path with { Leaf = LeafWith(0, path.Leaf.EncryptionKey, 1) });
        RefusedPath(MlsError.BadCredential, path => path with { Leaf = LeafWith(3, path.Leaf.EncryptionKey, 0) });
        RefusedPath(MlsError.BadParentHash, path => path with { Leaf = LeafWith(0, path.Leaf.EncryptionKey, 0) });
        RefusedPath(MlsError.BadKey, path => path with { Leaf = LeafWith(0, OffCurve(path.Leaf.EncryptionKey), 0) });
        LeafForge incapable = new(call[0].Identity)
        {
            Source = LeafNodeSource.Commit,
            EncryptionKey = LeafForge.NewKey(),
            Place = (call.Service.GroupId, 0),
            Capabilities = Capabilities.Own with { CipherSuites = [1] },
        };
        RefusedPath(MlsError.UnsupportedCapabilities, path => path with { Leaf = incapable.Leaf() });
    }

    // DAVE, "Voice Gateway Commit Validity"
    [Fact]
    public void Committer_keeps_both_its_credential_and_its_signature_key()
    {
        LeafForge own = new(call[0].Identity)
        {
            Source = LeafNodeSource.Commit,
            EncryptionKey = LeafForge.NewKey(),
            Place = (call.Service.GroupId, 0),
        };
        RefusedPath(MlsError.BadCredential, path => path with { Leaf = (own with { Credential = call[3].Identity.Credential }).Leaf() });
        LeafForge otherKey = own with { Signer = call[3].Identity, Credential = call[0].Identity.Credential };
        RefusedPath(MlsError.BadCredential, path => path with { Leaf = otherKey.Leaf() });
    }

    [Fact]
    public void Disposed_states_wipe_their_secrets_and_refuse_work()
    {
        GroupState next = Group.Apply(commit, proposals);
        next.Dispose();
        Assert.All(next.EpochAuthenticator.ToArray(), value => Assert.Equal(0, value));
        Assert.All(next.Secrets.Exporter, value => Assert.Equal(0, value));
        Assert.All(next.Keys.Find(next.Keys.Own.Node)!.PrivateKey.ToArray(), value => Assert.Equal(0, value));
        Assert.Throws<ObjectDisposedException>(() => next.Export("label", [], 16));
        Assert.Throws<ObjectDisposedException>(() => next.ValidateProposals([]));
        Assert.Throws<ObjectDisposedException>(() => next.Commit([]));
        Assert.Throws<ObjectDisposedException>(() => next.Apply(commit, []));
        // The epoch before is untouched.
        Group.Apply(commit, proposals).Dispose();
    }

    public void Dispose() => call.Dispose();

    private static byte[] OffCurve(byte[] key) => [.. key[..^1], (byte)(key[^1] ^ 1)];

    private byte[] CommitOf(int member, IReadOnlyList<QueuedProposal> proposals)
    {
        CommitResult result = call.Group(member).Commit(proposals);
        result.NextState.Dispose();
        return result.Commit;
    }

    private LeafNode LeafWith(int identity, byte[] encryptionKey, uint signedFor) => Group.Tree[new LeafIndex(0)]!.RenewForCommit(
        call[identity].Identity, encryptionKey, new byte[32], call.Service.GroupId, new LeafIndex(signedFor));

    private byte[] Reframe(Sender sender) => Forge(content => content with { Sender = sender }, tag => tag);

    /// <summary>Changed by user 1, then signed and tagged as if it were meant so.</summary>
    private byte[] Forge(Func<FramedContent, FramedContent> change, Func<byte[], byte[]> changeTag)
    {
        PublicMessage message = PublicMessage.Parse(commit);
        AuthenticatedContent signed = AuthenticatedContent.Sign(
            change(message.Content), Group.ContextBytes, call[0].Identity.Key) with
        {
            ConfirmationTag = changeTag(message.Authenticated.ConfirmationTag!),
        };
        PublicMessage forged = PublicMessage.Protect(signed, Group.Secrets.MembershipKey, Group.ContextBytes);
        bool tagged = signed.Content.Sender.Type == SenderType.Member;
        return (tagged ? forged : forged with { MembershipTag = null }).EncodeMessage();
    }

    private void RefusedForgery(MlsError error, Func<Commit, Commit> change, Func<byte[], byte[]>? changeTag = null) => Refused.With(
        error,
        () => Group.Apply(
            Forge(content => content with { Commit = change(content.Commit!) }, changeTag ?? (tag => tag)), proposals));

    /// <summary><paramref name="evenShape"/>: keep the number of ciphertexts of each node, so that only the keys are wrong.</summary>
    private void RefusedPath(MlsError error, Func<UpdatePath, UpdatePath> change, bool evenShape = false) =>
        RefusedForgery(error, commit =>
        {
            UpdatePath changed = change(commit.Path!);
            if (!evenShape) return commit with { Path = changed };
            IEnumerable<UpdatePathNode> nodes = changed.Nodes.Zip(
                commit.Path!.Nodes, (node, original) => node with { Ciphertexts = original.Ciphertexts });
            return commit with { Path = changed with { Nodes = [.. nodes] } };
        });
}
