namespace Pipeline.Dave.Session;

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
