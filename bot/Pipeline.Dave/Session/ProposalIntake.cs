using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Session;

/// <summary>
/// Op 27 inside a session: queues what is proposed, keeps what came before its user was announced, answers with a commit. The first
/// answer goes out at once; what follows within a tenth of a second is answered together, because every commit covers all that waits.
/// </summary>
internal sealed class ProposalIntake(GroupKeeper mls, CallMembers call, ReplyBuilder reply, TimeProvider time)
{
    /// <summary>Pause between commits. The gateway waits seconds for one, and takes whichever member's comes first.</summary>
    public static readonly TimeSpan Together = TimeSpan.FromMilliseconds(100);

    private readonly DeferredProposals deferred = new();
    private long? answeredAt;
    private bool isDue;
    private bool hasChanged;

    /// <summary>When <see cref="CommitIfDue"/> has something to do; null: there is nothing.</summary>
    public TimeSpan? DueIn => !isDue ? null : answeredAt is { } at ? Together - time.GetElapsedTime(at) : TimeSpan.Zero;

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
            if (outcome == ProposalsOutcome.UnknownReference)
                reply.Note(DaveNoticeKind.ProposalsRefused, "revokes a proposal that is not queued");
            if (outcome != ProposalsOutcome.UnannouncedUser) Want(isChange: outcome != ProposalsOutcome.Repeated);
            else reply.Note(deferred.TryAdd(payload) ? DaveNoticeKind.ProposalsDeferred : DaveNoticeKind.ProposalsRefused,
                "adds a user that is not announced");
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
    public void Clear()
    {
        deferred.Clear();
        (answeredAt, isDue, hasChanged) = (null, false, false);
    }

    /// <summary>Answers what waits for it, when its time has come.</summary>
    public void CommitIfDue()
    {
        if (DueIn is not { } left || left > TimeSpan.Zero) return;
        bool again = !hasChanged;
        (answeredAt, isDue, hasChanged) = (time.GetTimestamp(), false, false);
        SendCommit(again);
    }

    /// <summary>The answer that was sent last may be lost: what waits is answered again.</summary>
    public void Repeat()
    {
        if (mls.HasProposals) Want(isChange: false);
    }

    private void Want(bool isChange)
    {
        hasChanged |= isChange;
        isDue = true;
        CommitIfDue();
    }

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
