using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Virtual time that tells when somebody has begun to wait, so that a test advances it neither too early nor too late.</summary>
internal sealed class WatchedTime() : FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56))
{
    private readonly ConcurrentQueue<TimeSpan> waits = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        waits.Enqueue(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody waits for this long, lets the time pass and hands back what was done meanwhile.</summary>
    public async Task PassAsync(TimeSpan wait, Task during)
    {
        await Simulator.WaitUntilAsync(() => waits.Contains(wait));
        Advance(wait);
        await during;
    }
}
