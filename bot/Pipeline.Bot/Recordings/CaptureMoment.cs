namespace Pipeline.Bot.Recordings;

/// <summary>One moment by two clocks: the calendar's, and the one by which audio is placed.</summary>
/// <param name="At">By the calendar.</param>
/// <param name="Timestamp">Of <see cref="TimeProvider.GetTimestamp"/>.</param>
internal readonly record struct CaptureMoment(DateTimeOffset At, long Timestamp)
{
    // Two clocks are read within microseconds, unless the processor goes to somebody else in between.
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(0.1);
    private const int MostReadings = 20;

    /// <summary>Reads both as close to each other as the machine allows: what lies between them would move all audio.</summary>
    public static CaptureMoment Now(TimeProvider time)
    {
        CaptureMoment best = default;
        TimeSpan closest = TimeSpan.MaxValue;
        for (int reading = 0; reading < MostReadings && closest > Together; reading++)
        {
            long timestamp = time.GetTimestamp();
            DateTimeOffset at = time.GetUtcNow();
            TimeSpan between = time.GetElapsedTime(timestamp);
            if (between < closest) (closest, best) = (between, new CaptureMoment(at, timestamp));
        }
        return best;
    }
}
