using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class WakeSignalTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Calls_before_the_wait_are_one_and_are_not_lost()
    {
        WakeSignal signal = new(time);
        signal.Set();
        signal.Set();
        Assert.True(await signal.WaitAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken));
        Task<bool> next = signal.WaitAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        Assert.False(next.IsCompleted);
        signal.Set();
        Assert.True(await next);
    }

    [Fact]
    public async Task Wait_ends_with_its_interval_and_with_the_stop()
    {
        WakeSignal signal = new(time);
        Task<bool> waiting = signal.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(await waiting);
        Assert.False(await signal.WaitAsync(TimeSpan.FromSeconds(5), new CancellationToken(canceled: true)));
    }
}
