using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Tests.Capture;

public sealed class SpoolStateTests
{
    private const double Second = 48_000;
    private readonly SpoolState spool = new();

    [Fact]
    public void Failed_write_is_tried_again_after_a_second_and_not_before()
    {
        spool.Fail("no space", position: 10 * Second);
        Assert.False(spool.MayWrite((11 * Second) - 1));
        Assert.True(spool.MayWrite(11 * Second));
        Assert.Equal("no space", spool.Problem);
        spool.Succeeded();
        Assert.Null(spool.Problem);
        Assert.True(spool.MayWrite(0));
    }

    [Fact]
    public void Full_spool_takes_nothing_until_its_owner_says_so()
    {
        spool.SetFull(true);
        Assert.False(spool.MayWrite(1000 * Second));
        Assert.NotNull(spool.Problem);
        spool.Succeeded();
        Assert.False(spool.MayWrite(1000 * Second));
        spool.SetFull(false);
        Assert.True(spool.MayWrite(0));
        Assert.Null(spool.Problem);
    }
}
