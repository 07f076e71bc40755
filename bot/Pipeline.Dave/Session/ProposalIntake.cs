using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Session;

/// <summary>Op 27 inside a session: queues what is proposed, keeps what came before its user was announced, answers with a commit.</summary>
internal sealed class ProposalIntake(GroupKeeper mls, CallMembers call, ReplyBuilder reply)
{
    private readonly DeferredProposals deferred = new();

    /// <summary>Op 27: <c>u8 operation || vector</c>.</summary>
    public void Take(ReadOnlySpan<byte> payload)
    {
        if (!mls.HasBase)
        {
            reply.Note(DaveNoticeKind.ProposalsIgnored, "no group");
            return;
        }
        try
        {
            ProposalsOutcome outcome = mls.Take(payload, call.Contains);
            if (outcome == ProposalsOutcome.UnknownReference) reply.Note(DaveNoticeKind.ProposalsRefused, "revokes a proposal that is not queued");
            if (outcome != ProposalsOutcome.UnannouncedUser) SendCommit(outcome == ProposalsOutcome.Repeated);
            else reply.Note(deferred.TryAdd(payload) ? DaveNoticeKind.ProposalsDeferred : DaveNoticeKind.ProposalsRefused, "adds a user that is not announced");
        }
        catch (MlsException refusal)
        {
            reply.Note(DaveNoticeKind.ProposalsRefused, $"{refusal.Error}");
        }
    }

    /// <summary>Somebody was announced: what came too early gets another chance.</summary>
    public void RetryDeferred()
    {
        foreach (byte[] proposals in deferred.TakeAll()) Take(proposals);
    }

    /// <summary>The group that they were for is gone.</summary>
    public void Clear() => deferred.Clear();

    private void SendCommit(bool again)
    {
        try
        {
            byte[]? payload = again ? mls.RepeatCommit() : mls.MakeCommit();
            if (payload is not null) reply.Send(DaveOpcode.CommitWelcome, payload);
        }
        catch (MlsException refusal)
        {
            // A proposal to remove ourselves, or proposals that cannot stand together: another member's commit may decide.
            reply.Note(DaveNoticeKind.CommitNotMade, $"{refusal.Error}");
        }
    }
}
