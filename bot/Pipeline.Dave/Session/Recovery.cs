namespace Pipeline.Dave.Session;

/// <summary>
/// Decides when a session that is out of step with its group has to be added again, and asks for it: op 31, and what the voice
/// connection has to do besides. The caller then leaves the group and sends a new key package. Control loop only.
/// </summary>
internal sealed class Recovery(RecoveryLadder ladder, Transitions transitions, ReplyBuilder reply, TimeProvider time)
{
    /// <summary>What the media thread could not open. True: asked to be added again.</summary>
    /// <param name="health">Counted under the present revision.</param>
    /// <param name="isInGroup">Whether an epoch's keys are in force, so that frames that open show that they are the right ones.</param>
    public bool TryBegin(in DaveHealth health, bool isInGroup)
    {
        if (health is { WorstRun: 0, FailedSinceOpened: 0, Opened: > 0 }) ladder.OnHealthy();
        if (!RecoveryTriggers.AreMet(in health, transitions.IsPending, time.GetTimestamp(), time.TimestampFrequency)) return false;
        // The keys are right for somebody: then it is one sender's frames that are wrong, and new keys of ours will hardly mend that.
        bool opensForSome = isInGroup && health.Opened > 0;
        if ((opensForSome ? ladder.NextWhileSomeOpen() : ladder.Next()) is not { } step) return false;
        reply.Note(DaveNoticeKind.Recovery,
            $"{step}: {health.FailedSinceOpened} frames failed since the last that opened, longest run {health.WorstRun}");
        Ask(step, transitions.LastId);
        return true;
    }

    /// <summary>A commit or Welcome that the gateway announced does not fit.</summary>
    public void Begin(int transitionId, string reason)
    {
        reply.Note(DaveNoticeKind.Invalid, reason);
        Ask(ladder.Forced(), transitionId);
    }

    /// <summary>The request may be lost: the same again.</summary>
    public void Repeat() => reply.Send(DaveOpcode.InvalidCommitWelcome, transitions.LastId);

    private void Ask(RecoveryStep step, int transitionId)
    {
        reply.Demand = step switch
        {
            RecoveryStep.Rejoin => DaveDemand.Rejoin,
            RecoveryStep.TellUsers => DaveDemand.TellUsers,
            _ => reply.Demand,
        };
        reply.Send(DaveOpcode.InvalidCommitWelcome, transitionId);
    }
}
