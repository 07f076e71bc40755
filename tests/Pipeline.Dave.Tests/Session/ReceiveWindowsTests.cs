using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

/// <summary>Until when unencrypted frames are audio, switch-over by switch-over.</summary>
public sealed class ReceiveWindowsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly ReceiveWindows windows;

    public ReceiveWindowsTests() => windows = new ReceiveWindows(time);

    private double Left => (windows.PassthroughUntil - time.GetTimestamp()) / (double)time.TimestampFrequency;

    private double GapLeft => (windows.JoinGapUntil - time.GetTimestamp()) / (double)time.TimestampFrequency;

    [Fact]
    public void Plain_call_takes_all_and_announces_no_downgrade()
    {
        Assert.False(windows.AnnounceDowngrade());
        Assert.Equal((long.MaxValue, false, DaveProtection.Unencrypted),
            (windows.PassthroughUntil, windows.IsForMembers(anyKeys: true), windows.Protection(isInGroup: true)));
        Assert.False(windows.TakeLapse());
    }

    [Fact]
    public void Upgrade_waits_for_its_execution_and_then_has_its_tail()
    {
        windows.OnEpoch();
        Assert.Equal((20, DaveProtection.Unencrypted), (Left, windows.Protection(isInGroup: true)));
        time.Advance(TimeSpan.FromSeconds(4));
        windows.OnEpoch(); // does not begin again
        Assert.Equal(16, Left);
        windows.ClosePassthrough();
        Assert.Equal((10, DaveProtection.EndToEnd), (Left, windows.Protection(isInGroup: true)));
        Assert.Equal(DaveProtection.Pending, windows.Protection(isInGroup: false));
        time.Advance(TimeSpan.FromSeconds(4));
        windows.ClosePassthrough(); // goes on closing
        Assert.Equal(6, Left);
    }

    [Fact]
    public void Upgrade_that_is_executed_late_gets_no_more_time()
    {
        windows.OnEpoch();
        time.Advance(TimeSpan.FromSeconds(15));
        windows.ClosePassthrough();
        Assert.Equal(5, Left);
    }

    [Fact]
    public void Upgrade_that_nobody_executes_is_in_force_when_its_time_is_over()
    {
        windows.OnEpoch();
        time.Advance(TimeSpan.FromSeconds(20) - TimeSpan.FromTicks(1));
        Assert.False(windows.TakeLapse());
        Assert.Equal(DaveProtection.Unencrypted, windows.Protection(isInGroup: true));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(windows.TakeLapse()); // nothing to tell: it is what was wanted
        Assert.Equal(DaveProtection.EndToEnd, windows.Protection(isInGroup: true));
    }

    [Fact]
    public void Downgrade_opens_once_for_ten_seconds_and_again_after_an_epoch_only()
    {
        windows.ForbidPassthrough();
        Assert.Equal(long.MinValue, windows.PassthroughUntil);
        Assert.True(windows.AnnounceDowngrade());
        Assert.Equal((10, DaveProtection.DowngradeAnnounced), (Left, windows.Protection(isInGroup: true)));
        Assert.False(windows.AnnounceDowngrade());
        windows.ClosePassthrough(); // of an older switch-over: the announcement stands
        Assert.Equal((10, DaveProtection.DowngradeAnnounced), (Left, windows.Protection(isInGroup: true)));
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.False(windows.TakeLapse());
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(windows.TakeLapse());
        Assert.False(windows.TakeLapse());
        Assert.Equal(DaveProtection.EndToEnd, windows.Protection(isInGroup: true));
        Assert.False(windows.AnnounceDowngrade());
        windows.OnEpoch();
        Assert.Equal(0, Left); // an epoch opens nothing in a call that is encrypted
        Assert.True(windows.AnnounceDowngrade());
    }

    [Fact]
    public void Downgrade_during_a_longer_window_shortens_nothing()
    {
        windows.OnEpoch();
        Assert.True(windows.AnnounceDowngrade());
        Assert.Equal(20, Left);
        windows.OpenPassthrough();
        Assert.Equal((long.MaxValue, DaveProtection.Unencrypted), (windows.PassthroughUntil, windows.Protection(isInGroup: true)));
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, true, true)]
    public void Unencrypted_frames_are_for_members_where_there_are_keys_or_encryption_ends(bool anyKeys, bool isAnnounced, bool expected)
    {
        windows.ForbidPassthrough();
        if (isAnnounced) windows.AnnounceDowngrade();
        Assert.Equal(expected, windows.IsForMembers(anyKeys));
        windows.OpenPassthrough();
        Assert.False(windows.IsForMembers(anyKeys));
    }

    [Fact]
    public void Join_gap_lasts_ten_seconds_or_two_after_the_switch_over()
    {
        Assert.Equal(long.MinValue, windows.JoinGapUntil);
        windows.BeginJoinGap();
        Assert.Equal(10, GapLeft);
        windows.EndJoinGap();
        Assert.Equal(2, GapLeft);
        time.Advance(TimeSpan.FromSeconds(1));
        windows.EndJoinGap();
        Assert.Equal(1, GapLeft);
    }
}
