using Pipeline.Dave.Session;

namespace Pipeline.Dave.Receive;

/// <summary>
/// Counts for the recovery ladder. The media thread counts and publishes a few times per second; any thread reads.
/// </summary>
/// <remarks>
/// A sequence lock: the version is odd while the one writer stores, and a reader that saw it change reads again.
/// Publishing an immutable object would allocate for as long as the call lasts.
/// </remarks>
internal sealed class HealthMeter
{
    private int revision;
    private int failedSinceOpened;
    private long failingSince = long.MaxValue;
    private long opened;

    private int version;
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
        Volatile.Write(ref version, version + 1);
        Thread.MemoryBarrier();
        published = next;
        Thread.MemoryBarrier();
        Volatile.Write(ref version, version + 1);
    }

    public DaveHealth Read()
    {
        SpinWait spin = default;
        while (true)
        {
            int before = Volatile.Read(ref version);
            Thread.MemoryBarrier();
            DaveHealth copy = published;
            Thread.MemoryBarrier();
            if ((before & 1) == 0 && Volatile.Read(ref version) == before) return copy;
            spin.SpinOnce();
        }
    }
}
