using Pipeline.Dave.Session;

namespace Pipeline.Dave.Receive;

/// <summary>
/// Counts for the recovery ladder. The receiver's one thread counts and publishes a few times per second; any thread reads.
/// </summary>
/// <remarks>
/// Five numbers that belong together, behind a lock: it is held while they are copied, some ten times per second, so that nobody waits
/// for it. Publishing an immutable object would allocate for as long as the call lasts.
/// </remarks>
internal sealed class HealthMeter
{
    private readonly Lock gate = new();
    private int revision;
    private int failedSinceOpened;
    private long failingSince = long.MaxValue;
    private long opened;
    private DaveHealth published = DaveHealth.Good(0);

    public void CountOpened()
    {
        opened++;
        failedSinceOpened = 0;
        failingSince = long.MaxValue;
    }

    public void CountFailed(long receivedAt)
    {
        if (failedSinceOpened++ == 0) failingSince = receivedAt;
    }

    /// <summary>New keys or a reset: what failed before says nothing about them.</summary>
    public void Reset(int newRevision)
    {
        revision = newRevision;
        opened = 0;
        failedSinceOpened = 0;
        failingSince = long.MaxValue;
        Publish(worstRun: 0);
    }

    public void Publish(int worstRun)
    {
        DaveHealth next = new(revision, worstRun, failedSinceOpened, failingSince, opened);
        lock (gate) published = next;
    }

    public DaveHealth Read()
    {
        lock (gate) return published;
    }
}
