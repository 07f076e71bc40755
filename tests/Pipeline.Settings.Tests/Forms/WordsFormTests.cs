using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Tests.Forms;

public sealed class WordsFormTests
{
    private static readonly WordsForm Formats = new("flac", "opus", "mp3");

    [Theory]
    [InlineData("off", "off")]
    [InlineData("flac", "flac")]
    [InlineData("OPUS, flac, opus", "opus,flac")]
    public void Words_are_taken_in_any_case_and_once(string text, string shown)
    {
        Assert.True(Formats.TryRead(text, out IReadOnlyList<string> value));
        Assert.Equal(shown, Formats.Show(value));
    }

    [Theory]
    [InlineData("aac")]
    [InlineData("flac,wav")]
    [InlineData("flac,off")]
    [InlineData(",")]
    public void Another_word_or_none_is_refused(string text) => Assert.False(Formats.TryRead(text, out _));

    [Fact]
    public void Range_names_every_word() => Assert.Equal("flac, opus and mp3, divided by commas, or off", Formats.Range);
}
