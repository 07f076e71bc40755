using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class SafePositionTests
{
    [Fact]
    public void Everything_heard_is_safe_when_nothing_waits() => Assert.Equal(96_000, SafePosition.Of(96_000).Sample);

    [Fact]
    public void Oldest_sample_that_is_not_durable_holds_it_back() =>
        Assert.Equal(24_000, SafePosition.Of(96_000, null, 48_000, 24_000, 72_000).Sample);

    [Fact]
    public void Nothing_that_was_not_heard_is_safe() => Assert.Equal(96_000, SafePosition.Of(96_000, 480_000, null).Sample);
}
