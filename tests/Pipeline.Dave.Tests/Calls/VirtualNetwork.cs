using Microsoft.Extensions.Time.Testing;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>
/// Virtual time with everything that is under way in it. A link delivers in order, whatever delays its messages have,
/// as a web socket does.
/// </summary>
internal sealed class VirtualNetwork
{
    private readonly PriorityQueue<Func<Task>, (TimeSpan At, long Order)> queue = new();
    private readonly Dictionary<string, TimeSpan> lastOnLink = [];
    private TimeSpan now;
    private long order;

    public FakeTimeProvider Time { get; } = new();

    /// <summary>Since the call began.</summary>
    public TimeSpan Now => now;

    public void Schedule(TimeSpan delay, Func<Task> action) => queue.Enqueue(action, (now + delay, order++));

    public void Schedule(TimeSpan delay, Action action) => Schedule(delay, () =>
    {
        action();
        return Task.CompletedTask;
    });

    /// <summary>Never before what was sent on the same link earlier.</summary>
    public void Deliver(string link, TimeSpan delay, Func<Task> action)
    {
        TimeSpan at = now + delay;
        if (lastOnLink.TryGetValue(link, out TimeSpan last) && last > at) at = last;
        lastOnLink[link] = at;
        queue.Enqueue(action, (at, order++));
    }

    public async Task RunAsync(TimeSpan duration)
    {
        TimeSpan end = now + duration;
        while (queue.TryPeek(out _, out (TimeSpan At, long) next) && next.At <= end)
        {
            AdvanceTo(next.At);
            await queue.Dequeue()();
        }
        AdvanceTo(end);
    }

    private void AdvanceTo(TimeSpan time)
    {
        if (time <= now) return;
        Time.Advance(time - now);
        now = time;
    }
}
