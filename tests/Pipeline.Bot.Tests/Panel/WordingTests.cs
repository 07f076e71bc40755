using Pipeline.Bot.Panel;

namespace Pipeline.Bot.Tests.Panel;

public sealed class WordingTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KB")]
    [InlineData(1024 * 1024 - 1, "1024 KB")]
    [InlineData(1024 * 1024, "1.0 MB")]
    [InlineData(1024L * 1024 * 1024 - 1, "1024.0 MB")]
    [InlineData(1024L * 1024 * 1024, "1.00 GB")]
    [InlineData(5L * 1024 * 1024 * 1024 / 2, "2.50 GB")]
    public void Sizes_have_their_unit(long bytes, string text) => Assert.Equal(text, Wording.Bytes(bytes));

    [Fact]
    public void Times_counts_and_mentions_are_written_as_discord_reads_them()
    {
        Assert.Equal("30:05:09", Wording.Clock(new TimeSpan(30, 5, 9)));
        Assert.Equal("00:00:00", Wording.Clock(TimeSpan.FromSeconds(-1)));
        Assert.Equal("00:00:01", Wording.Position(48_000 + 47_999));
        Assert.Equal("00:00:00", Wording.Position(-5));
        Assert.Equal(("3", "0"), (Wording.Seconds(TimeSpan.FromSeconds(2.6)), Wording.Seconds(TimeSpan.FromSeconds(-2))));
        Assert.Equal(("1 piece", "0 pieces", "1,234 people"),
            (Wording.Count(1, "piece"), Wording.Count(0, "piece"), Wording.Count(1234, "person", "people")));
        Assert.Equal(("<@1>", "<@&2>", "<#3>"), (Wording.User(1), Wording.Role(2), Wording.Channel(3)));
        DateTimeOffset at = DateTimeOffset.FromUnixTimeSeconds(99);
        Assert.Equal(("<t:99:T>", "<t:99:f>", "<t:99:R>"), (Wording.Time(at), Wording.Date(at), Wording.Relative(at)));
    }

    [Theory]
    [InlineData("rec:stop:abc", true, "stop", "abc")]
    [InlineData("rec:check:1:2", true, "check", "1:2")]
    [InlineData("rec:stop:", true, "stop", "")]
    [InlineData("rec::abc", false, "", "")]
    [InlineData("rec:stop", false, "", "")]
    [InlineData("other:stop:abc", false, "", "")]
    [InlineData(null, false, "", "")]
    public void Button_says_what_and_of_which_recording(string? id, bool isOurs, string what, string argument)
    {
        Assert.Equal(isOurs, CustomIds.TryParse(id, out string first, out string second));
        Assert.Equal((what, argument), (first, second));
    }
}
