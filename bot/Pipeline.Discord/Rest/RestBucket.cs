namespace Pipeline.Discord.Rest;

/// <summary>One limit at Discord: requests of one bucket and major parameter go one after the other and pause when none is left.</summary>
internal sealed class RestBucket(TimeProvider time) : IDisposable
{
    // Timers and the header's rounding may be early by a millisecond or two, and a request that is early costs a 429.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(20);

    // One request at a time is what makes "remaining" of the last answer true for the next request.
    private readonly SemaphoreSlim turn = new(1, 1);
    private int remaining = 1;
    private long resetAt;

    public long LastUsed { get; private set; } = time.GetTimestamp();

    public bool IsIdle => turn.CurrentCount == 1;

    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        LastUsed = time.GetTimestamp();
    }

    public void Leave() => turn.Release();

    public void Dispose() => turn.Dispose();

    /// <summary>How long to wait before the next request; only while inside.</summary>
    public TimeSpan Pause => remaining > 0 ? TimeSpan.Zero : Max(TimeSpan.Zero, time.GetElapsedTime(time.GetTimestamp(), resetAt));

    public void Learn(RestAnswer answer)
    {
        if (answer.IsLimit && !answer.IsGlobalLimit) Hold(answer.RetryAfter);
        else if (answer.Remaining is { } left && answer.ResetAfter is { } reset)
        {
            remaining = left;
            if (left <= 0) Hold(reset + Margin);
        }
    }

    private void Hold(TimeSpan pause)
    {
        remaining = 0;
        resetAt = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
