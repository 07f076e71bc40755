using Pipeline.Settings.Known;

namespace Pipeline.Settings.Tests;

public sealed class SettingReaderTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void Absent_or_empty_is_the_default(string? value)
    {
        SettingReader reader = new(Values.Of(("RECORDING_CHANNELS", value)));
        Assert.Equal(2, reader.Read(RecordingSettings.Channels));
        Assert.False(reader.IsSet(RecordingSettings.Channels));
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void All_problems_are_told_at_once_one_line_each()
    {
        SettingReader reader = new(Values.Of(("RECORDING_CHANNELS", "7"), ("RECORDING_SILENCE_THRESHOLD", "soon\nor later"),
            ("RecordingApi__BaseUrl", "example.org")));
        Assert.Equal(2, reader.Read(RecordingSettings.Channels));
        reader.Read(RecordingSettings.SilenceThreshold);
        reader.Read(ApiSettings.BaseUrl);
        reader.Read(RecordingSettings.Channels);
        Assert.Equal(
            [
                "RECORDING_CHANNELS: '7' is not allowed, expected a whole number from 1 to 2; leave it out for 2",
                "RECORDING_SILENCE_THRESHOLD: 'soon or later' is not allowed, "
                    + "expected a time from 200 ms to 1 min, such as 30s, 10m, 12h or 00:10:00 "
                    + "(a bare number counts ms); leave it out for 2 s",
                "RecordingApi__BaseUrl: 'example.org' is not allowed, "
                    + "expected an http or https address, "
                    + "such as https://name.azurewebsites.net; leave it out for none (functions: their own)",
            ],
            reader.Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void A_secret_is_in_no_problem()
    {
        SettingReader reader = new(Values.Of(("DISCORD_TOKEN", "Bot abc.def")));
        Assert.Null(reader.Read(DiscordSettings.Token));
        string problem = Assert.Single(reader.Problems).Text;
        Assert.StartsWith("DISCORD_TOKEN: its value (a secret, not shown) is not allowed", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", problem, StringComparison.Ordinal);
        Assert.EndsWith("digits and signs", problem, StringComparison.Ordinal); // nothing counts where it is left out
    }

    [Theory]
    [InlineData("https://a.queue.core.windows.net?sig=secret", "'https://a.queue.core.windows.net?…'")]
    [InlineData("https://name:secret@a.queue.core.windows.net", "'https://…@a.queue.core.windows.net'")]
    public void Signature_and_password_of_an_address_are_in_no_problem(string value, string shown)
    {
        SettingReader reader = new(Values.Of(("PipelineStorage__queueServiceUri", value)));
        reader.Read(StorageSettings.Queues);
        string problem = Assert.Single(reader.Problems).Text;
        Assert.Contains(shown, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80, 80, "")]
    [InlineData(81, 80, "…")]
    [InlineData(5_000, 80, "…")]
    public void Long_value_is_cut(int length, int shown, string end) => Assert.StartsWith(
        $"RECORDING_CHANNELS: '{new string('9', shown)}{end}' is not allowed",
        SettingProblem.NotAllowed(RecordingSettings.Channels, new string('9', length)).Text, StringComparison.Ordinal);

    [Fact]
    public void What_was_read_is_known_and_of_several_what_was_declared()
    {
        SettingReader reader = new(Values.Of());
        Assert.Empty(reader.Asked);
        reader.Read(RecordingSettings.Channels);
        reader.IsSet(ApiSettings.BaseUrl);
        reader.Read(WebhookSettings.Url.At(3));
        reader.IsSet(WebhookSettings.Secret.At(4));
        Assert.Equal([RecordingSettings.Channels, ApiSettings.BaseUrl, WebhookSettings.Url, WebhookSettings.Secret], reader.Asked);
    }

    [Fact]
    public void What_is_needed_is_named_once()
    {
        SettingReader reader = new(Values.Of());
        reader.Demand(DiscordSettings.Token);
        reader.Demand(DiscordSettings.Token);
        Assert.Equal("DISCORD_TOKEN is not set, expected the bot's token alone, without the word Bot, of ASCII letters, digits and signs",
            Assert.Single(reader.Problems).Text);
    }

    [Fact]
    public void Well_formed_value_can_still_be_refused()
    {
        SettingReader reader = new(Values.Of(("DISCORD_CA_FILE", "/nowhere")));
        reader.Refuse(DiscordSettings.CertificateFile, "a file that is there");
        Assert.Equal("DISCORD_CA_FILE: '/nowhere' is not allowed, expected a file that is there; leave it out for none",
            Assert.Single(reader.Problems).Text);
    }
}
