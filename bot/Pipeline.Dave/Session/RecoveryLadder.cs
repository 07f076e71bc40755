namespace Pipeline.Dave.Session;

/// <summary>
/// How far to go when frames cannot be opened: ask to be added again up to five times, at most once per 5 s; then rejoin
/// the call, at most twice; then tell the users, and start over five minutes later. Never stop silently. While some frames open,
/// resets are all that is tried.
/// </summary>
/// <remarks>
/// Outlives the voice sessions of one call, because a rejoin ends a session. Owned by the control loop.
/// </remarks>
public sealed class RecoveryLadder(TimeProvider time)
{
    public const int MaxResets = 5;
    public const int MaxRejoins = 2;

    /// <summary>Between two steps.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>After the users were told.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

    /// <summary>Frames must open for this long after the last step before the ladder starts at its foot again.</summary>
    public static readonly TimeSpan Proof = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Between two resets while frames of this epoch open. They fail for one sender then, whose client is broken or hostile, and every
    /// reset costs the others a moment.
    /// </summary>
    public static readonly TimeSpan IntervalWhileSomeOpen = TimeSpan.FromMinutes(1);

    private int resets;
    private int rejoins;
    private long lastStepAt;
    private long nextStepAt = long.MinValue;
    private long nextWhileSomeOpenAt = long.MinValue;

    /// <summary>The step that is due now, or null while the last one still has time to help.</summary>
    internal RecoveryStep? Next()
    {
        long now = time.GetTimestamp();
        if (now < nextStepAt) return null;
        lastStepAt = now;
        nextStepAt = now + Ticks(Interval);
        return Climb(now);
    }

    /// <summary>As <see cref="Next"/>, but no further than a reset, seldom and not counted: the group's keys are the right ones.</summary>
    internal RecoveryStep? NextWhileSomeOpen()
    {
        long now = time.GetTimestamp();
        if (now < Math.Max(nextStepAt, nextWhileSomeOpenAt)) return null;
        lastStepAt = now;
        nextStepAt = now + Ticks(Interval);
        nextWhileSomeOpenAt = now + Ticks(IntervalWhileSomeOpen);
        return RecoveryStep.Reset;
    }

    /// <summary>
    /// The gateway's own messages forced a reset, whatever the time. Such resets count, so that a group that never comes
    /// to fit ends in a rejoin.
    /// </summary>
    internal RecoveryStep Forced()
    {
        long now = time.GetTimestamp();
        lastStepAt = now;
        nextStepAt = Math.Max(nextStepAt, now + Ticks(Interval));
        return Climb(now);
    }

    /// <summary>Frames open and none fails.</summary>
    internal void OnHealthy()
    {
        if (time.GetTimestamp() - lastStepAt < Ticks(Proof)) return;
        resets = 0;
        rejoins = 0;
    }

    private RecoveryStep Climb(long now)
    {
        if (resets < MaxResets)
        {
            resets++;
            return RecoveryStep.Reset;
        }
        resets = 0;
        if (rejoins < MaxRejoins)
        {
            rejoins++;
            return RecoveryStep.Rejoin;
        }
        rejoins = 0;
        nextStepAt = now + Ticks(Rest);
        return RecoveryStep.TellUsers;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}

/// <summary>One rung of the ladder.</summary>
internal enum RecoveryStep
{
    /// <summary>Op 31, leave the group, new key package.</summary>
    Reset,
    Rejoin,
    TellUsers,
}

/// <summary>When failures mean that the session is out of step with the group, and not that the network is rough.</summary>
internal static class RecoveryTriggers
{
    /// <summary>Consecutive frames of one user; what discord.js tolerates.</summary>
    public const int MaxRun = 36;

    /// <summary>Fewer failures than this, of all users together, are chance.</summary>
    public const int MinFailures = 5;

    /// <summary>Nobody's frames opened for 2 s, seen when the frames at its start have waited their 2 s.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(4);

    public static bool AreMet(in DaveHealth health, bool transitionPending, long now, long frequency)
    {
        if (transitionPending) return false;
        if (health.WorstRun > MaxRun) return true;
        return health.FailedSinceOpened >= MinFailures && now - health.FailingSince > (long)(MaxSilence.TotalSeconds * frequency);
    }
}
