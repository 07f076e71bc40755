using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Tests.Capture;

public sealed class CaptureMomentTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>On a busy machine a process loses its processor between two readings, for a fifth of a second and more.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(19, 0)]
    [InlineData(20, 1)] // always: then the least of all
    public void Clocks_are_read_once_more_when_something_came_between(int times, int mostMilliseconds)
    {
        BusyClock clock = new(times);
        CaptureMoment moment = CaptureMoment.Now(clock);
        TimeSpan between = (moment.At - Noon) - clock.GetElapsedTime(0, moment.Timestamp);
        Assert.Equal(mostMilliseconds, between.TotalMilliseconds);
        Assert.Equal(Math.Min(times + 1, 20), clock.Readings);
    }

    /// <summary>A clock that goes on by 170 ms between two readings, so many times; the twentieth time by 1 ms.</summary>
    private sealed class BusyClock(int times) : TimeProvider
    {
        private TimeSpan passed;

        public int Readings { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => passed.Ticks;

        public override DateTimeOffset GetUtcNow()
        {
            Readings++;
            if (Readings <= times) passed += TimeSpan.FromMilliseconds(Readings == 20 ? 1 : 170);
            return Noon + passed;
        }
    }
}
