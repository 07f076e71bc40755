using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>The longest duration of one recording, and what is done before it ends there. Any thread.</summary>
internal sealed class RecordingLimit(TimeSpan longest, TimeProvider time)
{
    // A voice connection closes within about 1 s; the recording is only so much longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly long samples = SampleClock.ToSamples(longest);
    private int isReached;

    public TimeSpan Longest => longest;

    /// <summary>Ends what writes into the ring, so that the recording takes all of it before it stops.</summary>
    public Func<Task>? Leave { private get; set; }

    /// <summary>True once, from that length on.</summary>
    public bool TakeReached(long sampleCount) => sampleCount >= samples && Interlocked.Exchange(ref isReached, 1) == 0;

    /// <summary>Has <see cref="Leave"/> done, for which it waits as long as is good, and stops the recording.</summary>
    public async Task EndAsync(Func<Task> stop)
    {
        if (Leave is { } leave) await leave().WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stop();
    }
}
