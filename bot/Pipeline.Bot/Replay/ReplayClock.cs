namespace Pipeline.Bot.Replay;

/// <summary>
/// The clock of replayed audio: stands still until it is told to go on, so that an hour can pass in ten seconds.
/// Read from any thread, advanced by one.
/// </summary>
internal sealed class ReplayClock(DateTimeOffset start) : TimeProvider
{
    private long elapsedTicks;

    /// <summary>100 ns, as <see cref="TimeSpan"/>.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Elapsed => new(Interlocked.Read(ref elapsedTicks));

    public override long GetTimestamp() => Interlocked.Read(ref elapsedTicks);

    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    /// <summary>Goes on to <paramref name="elapsed"/> since the start; never back.</summary>
    public void AdvanceTo(TimeSpan elapsed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elapsed, Elapsed);
        Interlocked.Exchange(ref elapsedTicks, elapsed.Ticks);
    }
}
