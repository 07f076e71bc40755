using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Calls;

namespace Pipeline.Bot.Tests.Calls;

/// <summary>Everybody is told once, not at least once.</summary>
public sealed class CallNoticesTests
{
    private const ulong Ada = 1, Ben = 2, Cleo = 3;

    private readonly FakeTimeProvider time = new();
    private readonly HashSet<ulong> optedOut = [];
    private readonly List<ulong[]> late = [], again = [], refusing = [];
    private readonly CallNotices notices;

    public CallNoticesTests() => notices = new CallNotices(optedOut.Contains, refusing.Add, late.Add, again.Add, time);

    [Fact]
    public void Those_who_join_together_are_told_together_and_once()
    {
        notices.Begin([Ada]);
        notices.Joined(Ben);
        Pass(2.9);
        notices.Joined(Cleo);
        Assert.Empty(late);
        Pass(0.1);
        Assert.Equal([Ben, Cleo], Assert.Single(late));
        for (int i = 0; i < 100; i++) Pass(1);
        Assert.Single(late);
    }

    [Fact]
    public void Who_leaves_and_comes_back_or_was_there_from_the_start_is_told_no_second_time()
    {
        notices.Begin([Ada]);
        notices.Joined(Ada);
        notices.Joined(Ben);
        Pass(3);
        notices.Joined(Ben);
        Pass(10);
        Assert.Equal([Ben], Assert.Single(late));
    }

    [Fact]
    public void The_next_who_joins_has_three_seconds_of_their_own()
    {
        notices.Joined(Ben);
        Pass(3);
        Pass(60);
        notices.Joined(Cleo);
        Pass(2.9);
        Assert.Single(late);
        Pass(0.1);
        Assert.Equal([Cleo], late[1]);
    }

    [Fact]
    public void Who_is_not_recorded_is_not_told_of_it_and_the_others_hear_once_in_ten_minutes()
    {
        optedOut.Add(Ada);
        optedOut.Add(Ben);
        notices.Begin([Ada]);
        Assert.Equal([Ada], Assert.Single(refusing));
        notices.Joined(Ben);
        Pass(3);
        Assert.Empty(late);
        Assert.Equal([Ben], refusing[1]);
        notices.OptedOut([Ada, Ben]);
        Assert.Equal(2, refusing.Count);
        Pass(600);
        notices.OptedOut([Ada, Ben]);
        Assert.Equal([Ada, Ben], refusing[2]);
        notices.OptedOut([Ada]);
        Assert.Equal(3, refusing.Count);
    }

    [Fact]
    public void A_crowd_is_told_in_messages_of_at_most_fifty_people()
    {
        ulong[] crowd = [.. Enumerable.Range(100, 120).Select(id => (ulong)id)];
        ulong[] silent = [.. Enumerable.Range(300, 51).Select(id => (ulong)id)];
        optedOut.UnionWith(silent);
        foreach (ulong person in crowd.Concat(silent)) notices.Joined(person);
        Pass(3);
        Assert.Equal([50, 50, 20], late.Select(people => people.Length));
        Assert.Equal(crowd, late.SelectMany(people => people));
        Assert.Equal([50, 1], refusing.Select(people => people.Length));
        Assert.Equal(silent, refusing.SelectMany(people => people));
    }

    [Fact]
    public void Whom_a_message_did_not_reach_is_told_again_until_one_does()
    {
        notices.Begin([Ada, Ben, Cleo]);
        notices.Untold([Ada, Ben]);
        notices.Untold([Cleo]);
        optedOut.Add(Ben);
        Pass(1);
        Pass(14.9);
        Assert.Empty(again);
        Pass(0.1);
        Assert.Equal([Ada, Cleo], Assert.Single(again));
        Assert.Empty(late);
        notices.Untold([Ada, Cleo]);
        Pass(1);
        Pass(15);
        Assert.Equal([Ada, Cleo], again[1]);
        for (int i = 0; i < 100; i++) Pass(1);
        Assert.Equal(2, again.Count);
    }

    private void Pass(double seconds)
    {
        time.Advance(TimeSpan.FromSeconds(seconds));
        notices.Tick();
    }
}
