using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

public sealed class RecoveryTriggersTests
{
    private const long Frequency = 1000; // milliseconds
    private const long Now = 100_000;

    [Theory]
    [InlineData(36, false)]
    [InlineData(37, true)]
    public void Run_of_one_user_counts_when_it_is_longer_than_a_rough_network(int run, bool expected) =>
        Assert.Equal(expected, AreMet(new DaveHealth(1, run, 0, long.MaxValue, 0)));

    [Theory]
    [InlineData(4, 60_000, false)] // so few are chance
    [InlineData(5, 4_000, false)]
    [InlineData(5, 4_001, true)]
    [InlineData(500, 4_000, false)] // all of them in the time in which they may wait
    public void Nobody_heard_for_four_seconds_counts_from_five_frames_on(int failures, int since, bool expected) =>
        Assert.Equal(expected, AreMet(new DaveHealth(1, 0, failures, Now - since, 0)));

    [Fact]
    public void While_a_switch_over_is_due_nothing_counts() =>
        Assert.False(AreMet(new DaveHealth(1, 1000, 1000, 0, 0), transitionPending: true));

    private static bool AreMet(in DaveHealth health, bool transitionPending = false) =>
        RecoveryTriggers.AreMet(in health, transitionPending, Now, Frequency);
}
