using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>Makes our own commit, with Welcome and next state (RFC 9420 §12.4.1).</summary>
internal static class CommitMaker
{
    public static CommitResult Make(GroupState group, IReadOnlyList<QueuedProposal> queued)
    {
        LeafIndex own = group.Keys.Own;
        MlsException.ThrowIf(queued.Any(proposal => proposal.Epoch != group.Epoch), MlsError.WrongEpoch);
        MlsException.ThrowIf(queued.Any(proposal => proposal.LeafIndex == own.Value), MlsError.RemovesOurselves);
        List<ProposedChange> changes = [.. queued.Select(item => new ProposedChange(item.Proposal, item.Sender))];
        ProposalList proposals = ProposalList.Check(changes, own, group);

        RatchetTree tree = group.Tree.Copy();
        IReadOnlyList<(LeafIndex Index, KeyPackage KeyPackage)> added = proposals.ApplyTo(tree);
        // Without a path a commit of adds is 200 bytes whatever the group's size; the new members bring fresh keys.
        using OwnPath? path = proposals.NeedsPath
            ? OwnPath.Create(tree, own, group.Identity, group.Context.GroupId)
            : null;
        TreePrivateKeys keys = path?.Keys ?? group.Keys.CopyFor(tree);
        try
        {
            TreeValidator.CheckMembers(tree, group.Policy);
            return Seal(group, queued, proposals, tree, added, path, keys);
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    private static CommitResult Seal(
        GroupState group,
        IReadOnlyList<QueuedProposal> queued,
        ProposalList proposals,
        RatchetTree tree,
        IReadOnlyList<(LeafIndex Index, KeyPackage KeyPackage)> added,
        OwnPath? path,
        TreePrivateKeys keys)
    {
        GroupContext provisional = NextEpoch.ProvisionalContext(group, tree, proposals);
        HashSet<NodeIndex> addedNodes = [.. added.Select(add => add.Index.Node)];
        Commit commit = new(
            [.. queued.Select(item => new ProposalOrReference(null, item.Reference.Hash.ToArray()))],
            path?.Encrypt(tree, addedNodes, provisional.Encode()));
        AuthenticatedContent authenticated = Sign(group, commit);
        byte[] commitSecret = path is null ? KeySchedule.Zero : [.. path.CommitSecret];
        using NextEpoch next = NextEpoch.Compute(group, provisional, authenticated, commitSecret, proposals);
        authenticated = authenticated with { ConfirmationTag = next.ConfirmationTag };
        PublicMessage message = PublicMessage.Protect(authenticated, group.Secrets.MembershipKey, group.ContextBytes);
        byte[]? welcome = added.Count == 0 ? null : WelcomeMaker.Make(group, next, tree, added, path, proposals.Psks);
        return new CommitResult(message.EncodeMessage(), welcome, next.ToState(group, tree, keys));
    }

    private static AuthenticatedContent Sign(GroupState group, Commit commit)
    {
        Sender sender = new(SenderType.Member, group.Keys.Own.Value);
        FramedContent content = FramedContent.ForCommit(group.Context.GroupId, group.Epoch, sender, commit);
        return AuthenticatedContent.Sign(content, group.ContextBytes, group.Identity.Key);
    }
}
