using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

public sealed class RecoveryLadderTests
{
    private readonly FakeTimeProvider time = new();
    private readonly RecoveryLadder ladder;

    public RecoveryLadderTests() => ladder = new RecoveryLadder(time);

    [Fact]
    public void Five_resets_then_a_rejoin_twice_over_then_the_users_are_told_and_it_starts_anew()
    {
        List<RecoveryStep> steps = [];
        for (int i = 0; i < 24; i++) steps.Add(Step());
        RecoveryStep[] round = [.. Enumerable.Repeat(RecoveryStep.Reset, 5), RecoveryStep.Rejoin];
        Assert.Equal([.. round, .. round, .. round[..5], RecoveryStep.TellUsers], steps[..18]);
        Assert.Equal(round, steps[18..]);
    }

    [Fact]
    public void Steps_keep_five_seconds_apart()
    {
        Assert.NotNull(ladder.Next());
        time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Null(ladder.Next());
        time.Advance(TimeSpan.FromTicks(1));
        Assert.NotNull(ladder.Next());
    }

    [Fact]
    public void What_opens_for_ten_seconds_after_a_step_proves_that_it_helped()
    {
        for (int i = 0; i < 4; i++) Step();
        time.Advance(TimeSpan.FromSeconds(3));
        ladder.OnHealthy();
        Assert.Equal(RecoveryStep.Reset, Step());
        Assert.Equal(RecoveryStep.Rejoin, Step());
        time.Advance(TimeSpan.FromSeconds(11));
        ladder.OnHealthy();
        // All of it is proved: two rejoins are left again.
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 5; i++) Assert.Equal(RecoveryStep.Reset, Step());
            Assert.Equal(RecoveryStep.Rejoin, Step());
        }
    }

    [Fact]
    public void What_opens_after_a_forced_reset_has_to_go_on_for_ten_seconds_too()
    {
        time.Advance(TimeSpan.FromHours(1));
        for (int i = 0; i < 5; i++) ladder.Forced();
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        ladder.OnHealthy();
        Assert.Equal(RecoveryStep.Rejoin, ladder.Forced());
        time.Advance(TimeSpan.FromSeconds(10));
        ladder.OnHealthy();
        Assert.Equal(RecoveryStep.Reset, ladder.Forced());
    }

    [Fact]
    public void What_opens_after_a_reset_while_some_frames_open_has_to_go_on_for_ten_seconds_too()
    {
        for (int i = 0; i < 5; i++) ladder.Forced();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(ladder.NextWhileSomeOpen());
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        ladder.OnHealthy();
        Assert.Equal(RecoveryStep.Rejoin, ladder.Next());
    }

    [Theory]
    [InlineData(9_999, RecoveryStep.Rejoin)]
    [InlineData(10_000, RecoveryStep.Reset)]
    internal void Proof_takes_ten_seconds(int milliseconds, RecoveryStep expected)
    {
        ladder.OnHealthy(); // before any step there is nothing to prove
        for (int i = 0; i < 5; i++) Step();
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        ladder.OnHealthy();
        Assert.Equal(expected, ladder.Next());
    }

    [Fact]
    public void After_the_users_were_told_it_rests_for_five_minutes()
    {
        for (int step = 0; step < 17; step++) Assert.NotEqual(RecoveryStep.TellUsers, Step());
        Assert.Equal(RecoveryStep.TellUsers, Step());
        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.Null(ladder.Next());
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(RecoveryStep.Reset, ladder.Next());
    }

    [Fact]
    public void While_some_frames_open_a_reset_a_minute_is_all_and_does_not_count()
    {
        Assert.Equal(RecoveryStep.Reset, ladder.NextWhileSomeOpen());
        Assert.Null(ladder.Next());
        time.Advance(RecoveryLadder.IntervalWhileSomeOpen - TimeSpan.FromTicks(1));
        Assert.Null(ladder.NextWhileSomeOpen());
        time.Advance(TimeSpan.FromTicks(1));
        for (int minute = 0; minute < 20; minute++)
        {
            Assert.Equal(RecoveryStep.Reset, ladder.NextWhileSomeOpen());
            time.Advance(RecoveryLadder.IntervalWhileSomeOpen);
        }
        for (int i = 0; i < 5; i++) Assert.Equal(RecoveryStep.Reset, Step());
        Assert.Null(ladder.NextWhileSomeOpen()); // steps of either kind keep their distance
        Assert.Equal(RecoveryStep.Rejoin, Step());
    }

    [Fact]
    public void Resets_that_the_gateway_forces_count_and_do_not_wait()
    {
        for (int i = 0; i < 5; i++) Assert.Equal(RecoveryStep.Reset, ladder.Forced());
        Assert.Null(ladder.Next());
        Assert.Equal(RecoveryStep.Rejoin, ladder.Forced());
    }

    private RecoveryStep Step()
    {
        for (int second = 0; second < 3_600; second++)
        {
            if (ladder.Next() is { } step) return step;
            time.Advance(TimeSpan.FromSeconds(1));
        }
        throw new TimeoutException("no step within an hour");
    }
}
