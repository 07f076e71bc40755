namespace Pipeline.Bot.Tests.Guilds;

/// <summary>The real clock, which a test puts forward: timers run as ever, what is measured has lasted longer.</summary>
internal sealed class LeapingTime : TimeProvider
{
    private long ahead;

    public void Leap(TimeSpan ahead) => Interlocked.Add(ref this.ahead, ahead.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + new TimeSpan(Volatile.Read(ref ahead));

    public override long GetTimestamp() =>
        System.GetTimestamp() + (long)(new TimeSpan(Volatile.Read(ref ahead)).TotalSeconds * TimestampFrequency);
}
