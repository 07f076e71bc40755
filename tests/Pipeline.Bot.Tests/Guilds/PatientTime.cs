namespace Pipeline.Bot.Tests.Guilds;

/// <summary>The real clock, on which a patience of this length never ends: a test decides what happens before.</summary>
internal sealed class PatientTime(TimeSpan patience) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime == patience && period == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : dueTime,
            period);
}
