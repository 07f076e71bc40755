using CsCheck;
using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Tests.Forms;

public sealed class DurationFormTests
{
    private static readonly DurationForm Form = new(TimeSpan.Zero, TimeSpan.FromDays(7));

    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("30s", 30_000)]
    [InlineData("30 S", 30_000)]
    [InlineData("90m", 5_400_000)]
    [InlineData("90 min", 5_400_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("12h", 43_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("600000", 600_000)]
    [InlineData("00:10:00", 600_000)]
    [InlineData("24:00:00", 86_400_000)]
    [InlineData("1.01:00:00", 90_000_000)]
    [InlineData("00:00:00.25", 250)]
    [InlineData("0", 0)]
    public void Every_usual_spelling_is_read(string text, long milliseconds)
    {
        Assert.True(Form.TryRead(text, out TimeSpan value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5m")]
    [InlineData("NaN")]
    [InlineData("8d")]
    [InlineData("10:00")]
    [InlineData("00:60:00")]
    [InlineData("00:00:60")]
    [InlineData("1.24:00:00")]
    [InlineData("1.2.03:00:00")]
    [InlineData("00:00:00:00")]
    [InlineData("5 fortnights")]
    [InlineData("5e3")]
    [InlineData("1.2.3s")]
    [InlineData("79228162514264337593543950335d")]
    [InlineData("m")]
    public void Everything_else_is_refused(string text) => Assert.False(Form.TryRead(text, out _));

    [Fact]
    public void A_bare_number_counts_the_settings_own_unit()
    {
        Assert.True(new DurationForm(TimeSpan.Zero, TimeSpan.FromHours(1), "s").TryRead("25", out TimeSpan value));
        Assert.Equal(TimeSpan.FromSeconds(25), value);
    }

    [Fact]
    public void The_ends_of_the_range_are_inside_it()
    {
        DurationForm form = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(60));
        Assert.All(["200", "60s"], text => Assert.True(form.TryRead(text, out _)));
        Assert.All(["199", "60001", "0"], text => Assert.False(form.TryRead(text, out _)));
        Assert.Equal("200 ms to 1 min", form.Range);
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(1500, "1500 ms")]
    [InlineData(2000, "2 s")]
    [InlineData(300_000, "5 min")]
    [InlineData(86_400_000, "24 h")]
    [InlineData(129_600_000, "36 h")]
    [InlineData(172_800_000, "2 d")]
    [InlineData(604_800_000, "7 d")]
    public void A_time_is_shown_in_its_largest_whole_unit(long milliseconds, string shown) =>
        Assert.Equal(shown, Form.Show(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void What_is_shown_is_read_as_the_same_time() =>
        Gen.Long[0, 604_800_000].Sample(milliseconds =>
            Form.TryRead(Form.Show(TimeSpan.FromMilliseconds(milliseconds)), out TimeSpan value)
            && value.TotalMilliseconds == milliseconds);
}
