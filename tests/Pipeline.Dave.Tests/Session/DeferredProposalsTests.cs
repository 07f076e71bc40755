using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

/// <summary>What waits for its user to be announced, and what is kept of messages that may come again: both are bounded.</summary>
public sealed class DeferredProposalsTests
{
    private const int Most = 262_144;

    private readonly DeferredProposals deferred = new();

    [Theory]
    [InlineData(0, Most, true)]
    [InlineData(0, Most + 1, false)]
    [InlineData(Most - 5, 5, true)]
    [InlineData(Most - 5, 6, false)]
    public void A_quarter_of_a_megabyte_waits(int before, int next, bool isTaken)
    {
        if (before > 0) Assert.True(deferred.TryAdd(new byte[before]));
        Assert.Equal(isTaken, deferred.TryAdd(new byte[next]));
        Assert.Equal((before > 0 ? 1 : 0) + (isTaken ? 1 : 0), deferred.TakeAll().Length);
    }

    [Fact]
    public void Sixteen_messages_wait_in_their_order_and_are_taken_once()
    {
        for (byte i = 0; i < 16; i++) Assert.True(deferred.TryAdd([i]));
        Assert.False(deferred.TryAdd([16]));
        Assert.Equal(Enumerable.Range(0, 16), deferred.TakeAll().Select(payload => (int)Assert.Single(payload)));
        Assert.Empty(deferred.TakeAll());
        Assert.True(deferred.TryAdd([1]));
        deferred.Clear();
        Assert.Empty(deferred.TakeAll());
    }

    [Fact]
    public void Of_adopted_messages_the_last_64_are_known()
    {
        RecentMessages recent = new();
        for (byte i = 0; i < 65; i++) recent.Add([i]);
        Assert.False(recent.Contains([0]));
        for (byte i = 1; i < 65; i++) Assert.True(recent.Contains([i]));
        Assert.False(recent.Contains([65]));
    }
}
