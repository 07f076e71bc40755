namespace Pipeline.Bot.Recordings;

/// <summary>
/// When a recording's account of itself, session.json, is stored: every <see cref="Interval"/>, and whenever somebody wants it. Any thread.
/// </summary>
internal sealed class ManifestBeat
{
    /// <summary>How often the manifest is stored; the functions take a recording whose manifest grows old for abandoned.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    // A replay that is faster than real time has its account as fresh in the call's time, and no more often than this.
    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time;
    private readonly TimeProvider captureTime;
    private readonly WakeSignal wanted;
    private volatile Beat last;
    private TaskCompletionSource next = New();

    /// <param name="captureTime">The clock of the audio.</param>
    public ManifestBeat(TimeProvider time, TimeProvider captureTime)
    {
        (this.time, this.captureTime, wanted) = (time, captureTime, new WakeSignal(time));
        last = Now();
    }

    /// <summary>The next one is due at once; one that was wanted already serves all.</summary>
    public void Want() => wanted.Set();

    /// <summary>The next one is due where the last is old by the clock of the audio.</summary>
    public void WantWhenOld()
    {
        if (captureTime.GetElapsedTime(last.Captured) >= Interval && time.GetElapsedTime(last.At) >= LeastInterval) wanted.Set();
    }

    /// <summary>
    /// Returns when the manifest in the storage says what was said until now: then another bot heeds it too, whatever becomes of this
    /// process and its disk.
    /// </summary>
    /// <returns>False: the storage did not take it for so long.</returns>
    public async Task<bool> TryStoreAsync(TimeSpan patience, CancellationToken cancellation)
    {
        Task stored = Volatile.Read(ref next).Task;
        wanted.Set();
        try
        {
            await stored.WaitAsync(patience, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>One begins.</summary>
    /// <returns>To be set when the storage has it.</returns>
    public TaskCompletionSource Begin()
    {
        last = Now();
        return Interlocked.Exchange(ref next, New());
    }

    /// <summary>Until the next one is due.</summary>
    public Task WaitAsync(CancellationToken cancellation) => wanted.WaitAsync(Interval, cancellation);

    private Beat Now() => new(captureTime.GetTimestamp(), time.GetTimestamp());

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Beat(long Captured, long At);
}
