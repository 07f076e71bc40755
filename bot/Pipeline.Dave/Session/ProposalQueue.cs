using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Session;

/// <summary>
/// The proposals of the present epoch that the next commit must cover, in order of arrival, and the commits this member
/// has made over them.
/// </summary>
/// <remarks>
/// Every commit made in the epoch is kept: the gateway may have accepted an earlier one before it saw the later proposals
/// for which the next one was made.
/// </remarks>
internal sealed class ProposalQueue
{
    /// <summary>
    /// Far above what one epoch of a channel of 99 brings. What comes beyond is refused; another member's commit decides.
    /// </summary>
    public const int MostProposals = 512;

    private const int MaxCommits = 16;

    private readonly List<QueuedProposal> proposals = [];
    private readonly List<CommitResult> commits = [];

    public IReadOnlyList<QueuedProposal> Proposals => proposals;

    /// <summary>The latest commit, or null.</summary>
    public CommitResult? Latest => commits.Count == 0 ? null : commits[^1];

    /// <summary>Appends what is not there yet. False: everything was.</summary>
    /// <exception cref="MlsException">TooLarge: nothing was appended.</exception>
    public bool Append(IReadOnlyList<QueuedProposal> added)
    {
        int before = proposals.Count;
        HashSet<ProposalReference> known = [.. proposals.Select(proposal => proposal.Reference)];
        QueuedProposal[] fresh = [.. added.Where(proposal => known.Add(proposal.Reference))];
        if (before + fresh.Length > MostProposals) throw new MlsException(MlsError.TooLarge);
        proposals.AddRange(fresh);
        return fresh.Length > 0;
    }

    /// <summary>False: no such proposal.</summary>
    public bool Revoke(ProposalReference reference) => proposals.RemoveAll(proposal => proposal.Reference == reference) > 0;

    public void Made(CommitResult commit)
    {
        if (commits.Count == MaxCommits)
        {
            commits[0].NextState.Dispose();
            commits.RemoveAt(0);
        }
        commits.Add(commit);
    }

    /// <summary>The epoch that an own commit leads to, out of the queue's hands; null when the bytes are another member's.</summary>
    public GroupState? TakeOwn(ReadOnlySpan<byte> commit)
    {
        for (int i = 0; i < commits.Count; i++)
        {
            if (!commit.SequenceEqual(commits[i].Commit)) continue;
            GroupState next = commits[i].NextState;
            commits.RemoveAt(i);
            return next;
        }
        return null;
    }

    /// <summary>A new epoch, or none.</summary>
    public void Clear()
    {
        foreach (CommitResult commit in commits) commit.NextState.Dispose();
        commits.Clear();
        proposals.Clear();
    }
}

/// <summary>What a proposals message did to the queue.</summary>
internal enum ProposalsOutcome
{
    /// <summary>A new commit is due, if anything is left to commit.</summary>
    Changed,

    /// <summary>All of it was queued before.</summary>
    Repeated,

    /// <summary>It adds a user that the gateway has not announced; nothing was queued.</summary>
    UnannouncedUser,

    /// <summary>It revokes something that was never queued; the rest was revoked.</summary>
    UnknownReference,
}
