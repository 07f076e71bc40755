using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>A proposal with who made it: by reference from the queue, or by value from the committer.</summary>
internal readonly record struct ProposedChange(Proposal Proposal, Sender Sender);

/// <summary>The proposals of one commit, proven to stand together (RFC 9420 §12.2), and their effect on the tree (§12.3).</summary>
internal sealed class ProposalList
{
    private readonly List<(LeafIndex Index, LeafNode Leaf)> updates = [];
    private readonly List<LeafIndex> removes = [];
    private readonly List<KeyPackage> adds = [];
    private readonly List<PreSharedKeyId> psks = [];

    private ProposalList(bool isEmpty) => NeedsPath = isEmpty;

    public IReadOnlyList<PreSharedKeyId> Psks => psks;

    public IReadOnlyList<LeafIndex> Removes => removes;

    /// <summary>The group's new extensions; null when they stay.</summary>
    public IReadOnlyList<Extension>? Extensions { get; private set; }

    /// <summary>RFC 9420 §12.4: only a list of nothing but adds, PSKs and reinits may go without a path; an empty one may not.</summary>
    public bool NeedsPath { get; private set; }

    /// <summary>Checks each change by itself and all of them together.</summary>
    public static ProposalList Check(IReadOnlyList<ProposedChange> changes, LeafIndex committer, GroupState group)
    {
        MlsException.ThrowIf(changes.Count > MlsLimits.MaxMembers, MlsError.TooLarge);
        ProposalList list = new(changes.Count == 0);
        foreach (ProposedChange change in changes) list.Include(change);
        list.CheckTogether(committer, group);
        return list;
    }

    /// <summary>RFC 9420 §12.3: extensions first, then updates, removes and adds. Returns who was added, and where.</summary>
    public IReadOnlyList<(LeafIndex Index, KeyPackage KeyPackage)> ApplyTo(RatchetTree tree)
    {
        foreach ((LeafIndex index, LeafNode leaf) in updates) tree.Update(index, leaf);
        foreach (LeafIndex index in removes) tree.Remove(index);
        return [.. adds.Select(keyPackage => (tree.Add(keyPackage.Leaf), keyPackage))];
    }

    private void Include(ProposedChange change)
    {
        switch (change.Proposal)
        {
            case AddProposal add:
                adds.Add(add.KeyPackage);
                break;
            case RemoveProposal remove:
                removes.Add(remove.Removed);
                NeedsPath = true;
                break;
            case UpdateProposal update:
                updates.Add((new LeafIndex(change.Sender.Index), update.Leaf));
                NeedsPath = true;
                break;
            case PreSharedKeyProposal psk:
                psks.Add(psk.Psk);
                break;
            case GroupContextExtensionsProposal extensions:
                // RFC 9420 §12.2: at most one.
                MlsException.ThrowIf(Extensions is not null, MlsError.BadProposalList);
                Extensions = extensions.Extensions;
                NeedsPath = true;
                break;
            default:
                throw new MlsException(MlsError.ProposalNotAllowed);
        }
    }

    private void CheckTogether(LeafIndex committer, GroupState group)
    {
        // RFC 9420 §12.2: nobody is changed twice, and the committer changes himself by his path only.
        List<LeafIndex> changed = [.. updates.Select(update => update.Index), .. removes];
        MlsException.ThrowIf(changed.Distinct().Count() != changed.Count, MlsError.BadProposalList);
        MlsException.ThrowIf(changed.Contains(committer), MlsError.BadProposalList);
        // RFC 9420 §12.1.2, §12.1.3: what is changed exists.
        MlsException.ThrowIf(changed.Exists(index => group.Tree[index] is null), MlsError.UnknownLeaf);
        // RFC 9420 §12.2: no pre-shared key twice.
        int distinctPsks = psks.DistinctBy(psk => (psk.IsExternal, psk.Epoch, Convert.ToHexString(psk.Id))).Count();
        MlsException.ThrowIf(distinctPsks != psks.Count, MlsError.BadProposalList);
        foreach ((LeafIndex index, LeafNode leaf) in updates) CheckUpdate(index, leaf, group);
        IReadOnlyList<Extension> extensions = Extensions ?? group.Context.Extensions;
        foreach (KeyPackage keyPackage in adds) LeafValidator.CheckSupports(keyPackage.Leaf, extensions);
    }

    // RFC 9420 §12.1.2, §7.3: from an update, signed for its place, with a new encryption key; ours we never propose.
    private static void CheckUpdate(LeafIndex index, LeafNode leaf, GroupState group)
    {
        MlsException.ThrowIf(index == group.Keys.Own, MlsError.ProposalNotAllowed);
        MlsException.ThrowIf(leaf.Source != LeafNodeSource.Update, MlsError.WrongLeafSource);
        LeafValidator.Check(leaf, group.Policy, group.Context.Extensions);
        bool sameKey = leaf.EncryptionKey.AsSpan().SequenceEqual(group.Tree[index]!.EncryptionKey);
        MlsException.ThrowIf(sameKey, MlsError.DuplicateKey);
        MlsException.ThrowIf(!leaf.VerifySignature(group.Context.GroupId, index), MlsError.BadSignature);
    }
}
