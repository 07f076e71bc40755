using System.Security.Cryptography;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>Follows another member's commit (RFC 9420 §12.4.2).</summary>
internal static class CommitReceiver
{
    public static GroupState Apply(
        GroupState group, ReadOnlySpan<byte> commitMessage, IReadOnlyCollection<QueuedProposal> held)
    {
        PublicMessage message = PublicMessage.Parse(commitMessage);
        LeafIndex committer = Authenticate(group, message);
        Commit commit = message.Content.Commit!;
        ProposalList proposals = ProposalList.Check(Resolve(group, message.Content, held), committer, group);
        // RFC 9420 §12.4.2: whether the path is there when the proposals need one.
        MlsException.ThrowIf(commit.Path is null && proposals.NeedsPath, MlsError.BadUpdatePath);
        MlsException.ThrowIf(proposals.Removes.Contains(group.Keys.Own), MlsError.RemovesOurselves);

        RatchetTree tree = group.Tree.Copy();
        HashSet<NodeIndex> added = [.. proposals.ApplyTo(tree).Select(add => add.Index.Node)];
        if (commit.Path is { } path) MergePath(group, tree, committer, path, added);
        CheckResult(group, tree, proposals);
        return Advance(group, tree, message.Authenticated, proposals, added);
    }

    // RFC 9420 §6.1, §12.4.2: of this group and epoch, from a member other than us, tagged and signed.
    private static LeafIndex Authenticate(GroupState group, PublicMessage message)
    {
        FramedContent content = message.Content;
        MlsException.ThrowIf(content.Type != ContentType.Commit, MlsError.WrongMessageType);
        MlsException.ThrowIf(!content.GroupId.AsSpan().SequenceEqual(group.Context.GroupId), MlsError.WrongGroup);
        MlsException.ThrowIf(content.Epoch != group.Epoch, MlsError.WrongEpoch);
        MlsException.ThrowIf(content.Sender.Type != SenderType.Member, MlsError.WrongSender);
        group.AuthenticateMember(message);
        LeafIndex committer = new(content.Sender.Index);
        MlsException.ThrowIf(committer == group.Keys.Own, MlsError.OwnCommit);
        return committer;
    }

    /// <summary>RFC 9420 §12.4.2: references to what we hold of this epoch; proposals by value come from the committer.</summary>
    private static List<ProposedChange> Resolve(
        GroupState group, FramedContent content, IReadOnlyCollection<QueuedProposal> held)
    {
        Dictionary<ProposalReference, QueuedProposal> byReference = [];
        foreach (QueuedProposal proposal in held)
        {
            if (proposal.Epoch == group.Epoch) byReference[proposal.Reference] = proposal;
        }

        List<ProposedChange> changes = [];
        foreach (ProposalOrReference entry in content.Commit!.Proposals)
        {
            changes.Add(entry.Proposal is { } inline
                ? TakeInline(group, inline, content.Sender)
                : TakeHeld(byReference, entry.Reference));
        }

        return changes;
    }

    private static ProposedChange TakeInline(GroupState group, Proposal proposal, Sender committer)
    {
        ProposalReceiver.CheckAllowed(group.Policy, proposal.Kind, committer);
        ProposalReceiver.CheckAlone(group, proposal);
        return new ProposedChange(proposal, committer);
    }

    private static ProposedChange TakeHeld(
        Dictionary<ProposalReference, QueuedProposal> byReference, ReadOnlySpan<byte> reference)
    {
        bool known = byReference.TryGetValue(new ProposalReference(reference), out QueuedProposal? proposal);
        MlsException.ThrowIf(!known, MlsError.UnknownProposal);
        return new ProposedChange(proposal!.Proposal, proposal.Sender);
    }

    private static void MergePath(
        GroupState group, RatchetTree tree, LeafIndex committer, UpdatePath path, HashSet<NodeIndex> added)
    {
        // RFC 9420 §7.3: a leaf from a commit, signed for its place, with a key that is new to the tree.
        MlsException.ThrowIf(path.Leaf.Source != LeafNodeSource.Commit, MlsError.WrongLeafSource);
        bool sameKey = path.Leaf.EncryptionKey.AsSpan().SequenceEqual(tree[committer]!.EncryptionKey);
        MlsException.ThrowIf(sameKey, MlsError.DuplicateKey);
        LeafValidator.Check(path.Leaf, group.Policy, group.Context.Extensions);
        // DAVE, "Voice Gateway Commit Validity": a committer keeps its credential and its signature key.
        LeafNode before = tree[committer]!;
        bool sameMember = path.Leaf.Credential.IsSameAs(before.Credential) &&
            path.Leaf.SignatureKey.AsSpan().SequenceEqual(before.SignatureKey);
        MlsException.ThrowIf(group.Policy.IsDave && !sameMember, MlsError.BadCredential);
        MlsException.ThrowIf(!path.Leaf.VerifySignature(group.Context.GroupId, committer), MlsError.BadSignature);
        foreach (UpdatePathNode node in path.Nodes) LeafValidator.CheckPublicKey(node.EncryptionKey);
        TreeKem.Merge(tree, committer, path, added);
    }

    private static void CheckResult(GroupState group, RatchetTree tree, ProposalList proposals)
    {
        TreeValidator.CheckMembers(tree, group.Policy);
        if (proposals.Extensions is not { } extensions) return;
        // RFC 9420 §12.1.7: everyone supports the new extensions.
        foreach ((LeafIndex _, LeafNode leaf) in tree.Members()) LeafValidator.CheckSupports(leaf, extensions);
    }

    private static GroupState Advance(
        GroupState group, RatchetTree tree, AuthenticatedContent authenticated, ProposalList proposals, HashSet<NodeIndex> added)
    {
        GroupContext provisional = NextEpoch.ProvisionalContext(group, tree, proposals);
        TreePrivateKeys keys = group.Keys.CopyFor(tree);
        try
        {
            byte[] commitSecret = authenticated.Content.Commit!.Path is { } path
                ? TreeKem.Decrypt(
                    tree, new LeafIndex(authenticated.Content.Sender.Index), path, added, keys, provisional.Encode())
                : KeySchedule.Zero;
            using NextEpoch next = NextEpoch.Compute(group, provisional, authenticated, commitSecret, proposals);
            // RFC 9420 §12.4.2: equal tags prove equal trees, transcripts and secrets.
            bool confirmed = CryptographicOperations.FixedTimeEquals(next.ConfirmationTag, authenticated.ConfirmationTag);
            MlsException.ThrowIf(!confirmed, MlsError.BadConfirmationTag);
            return next.ToState(group, tree, keys);
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }
}
