using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

public sealed class CallMembersTests
{
    private const ulong Self = 9, Ada = 100;

    private readonly FakeTimeProvider time = new();
    private readonly CallMembers call;

    public CallMembersTests()
    {
        call = new CallMembers(Self, time);
        call.Connect([Ada]);
    }

    [Fact]
    public void Who_left_is_remembered_as_long_as_a_key_of_theirs_opens_frames()
    {
        call.Disconnect(Ada);
        time.Advance(EpochKeys.Lateness);
        call.Prune(stillHasKeys: user => user == Ada);
        Assert.True(call.WasAnnounced(Ada));
        Assert.True(call.Departures.ContainsKey(Ada));
        call.Prune(stillHasKeys: _ => false);
        Assert.False(call.WasAnnounced(Ada));
        Assert.Empty(call.Departures);
    }

    [Fact]
    public void Who_left_is_remembered_for_the_time_of_late_packets_without_any_key()
    {
        call.Disconnect(Ada);
        time.Advance(EpochKeys.Lateness - TimeSpan.FromMilliseconds(1));
        call.Prune(stillHasKeys: _ => false);
        Assert.True(call.WasAnnounced(Ada));
        Assert.False(call.Contains(Ada));
        time.Advance(TimeSpan.FromMilliseconds(1));
        call.Prune(stillHasKeys: _ => false);
        Assert.False(call.WasAnnounced(Ada));
    }

    [Fact]
    public void Who_comes_back_has_not_left_and_we_never_leave()
    {
        call.Disconnect(Ada);
        call.Connect([Ada]);
        call.Disconnect(Self);
        time.Advance(TimeSpan.FromHours(1));
        call.Prune(stillHasKeys: _ => false);
        Assert.True(call.Contains(Ada));
        Assert.True(call.Contains(Self));
        Assert.Empty(call.Departures);
    }
}
