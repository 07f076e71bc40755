using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

public sealed class TransitionsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly Transitions transitions;

    public TransitionsTests() => transitions = new Transitions(time);

    [Fact]
    public void Announced_one_is_executed_once()
    {
        transitions.Prepare(7, 1);
        Assert.True(transitions.TryTake(7, out int version));
        Assert.Equal(1, version);
        Assert.False(transitions.TryTake(7, out _));
        Assert.False(transitions.TryTake(8, out version));
        Assert.Equal(0, version);
    }

    [Fact]
    public void Announcement_that_comes_again_replaces_the_one_before()
    {
        transitions.Prepare(7, 1);
        transitions.Prepare(7, 0);
        Assert.True(transitions.TryTake(7, out int version));
        Assert.Equal(0, version);
        Assert.False(transitions.TryTake(7, out _));
    }

    [Fact]
    public void Announced_one_is_awaited_for_ten_seconds_and_may_come_later()
    {
        Assert.False(transitions.IsPending);
        transitions.Prepare(7, 1);
        time.Advance(TimeSpan.FromSeconds(9.999));
        Assert.True(transitions.IsPending);
        time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.False(transitions.IsPending);
        Assert.True(transitions.TryTake(7, out _));
    }

    [Fact]
    public void Of_more_than_64_the_oldest_goes()
    {
        for (int id = 1; id <= 65; id++) transitions.Prepare(id, 1);
        Assert.False(transitions.TryTake(1, out _));
        Assert.True(transitions.TryTake(2, out _));
        Assert.True(transitions.TryTake(65, out _));
    }

    [Fact]
    public void Last_id_is_the_one_seen_last_and_stays_when_all_are_forgotten()
    {
        transitions.Prepare(7, 1);
        transitions.See(0);
        Assert.Equal(0, transitions.LastId);
        transitions.Prepare(9, 1);
        transitions.Clear();
        Assert.Equal((9, false), (transitions.LastId, transitions.TryTake(9, out _)));
    }
}
