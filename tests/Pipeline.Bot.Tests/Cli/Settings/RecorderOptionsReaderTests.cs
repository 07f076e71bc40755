using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Guilds;
using Pipeline.Discord.Gateway;
using Pipeline.Settings;

namespace Pipeline.Bot.Tests.Cli.Settings;

public sealed class RecorderOptionsReaderTests
{
    [Fact]
    public void Values_are_read_by_their_names()
    {
        (RecorderOptions options, IReadOnlyList<string> problems) = Read(
            ("DISCORD_TOKEN", "secret"), ("DISCORD_API_BASE", "http://127.0.0.1:8500/api/v10"), ("DISCORD_GUILD_ID", "12"),
                ("DISCORD_SHARD", "1/4"),
            ("RECORDING_EMPTY_TIMEOUT", "90s"), ("RecordingApi:BaseUrl", "http://127.0.0.1:7071"), ("RecordingApi:ApiKey", "key"));
        Assert.Empty(problems);
        Assert.Equal(new ShardRange(1, 4), options.Gateway.Shard);
        Assert.Equal((12UL, TimeSpan.FromSeconds(90)), (options.CommandGuild!.Value, options.EmptyTimeout));
        Assert.Equal("http://127.0.0.1:8500/api/v10", options.Rest.ApiBase.AbsoluteUri);
        Assert.Equal("http://127.0.0.1:7071/", options.Api.BaseUrl!.AbsoluteUri);
        Assert.All<object>([options, options.Gateway, options.Rest, options.Api], one =>
            Assert.DoesNotContain("secret", one.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("DISCORD_SHARD", "4/4", "i/n")]
    [InlineData("DISCORD_GUILD_ID", "my server", "digits only")]
    [InlineData("DISCORD_API_BASE", "discord", "https://discord.com/api/v10")]
    [InlineData("DISCORD_CA_FILE", "/nowhere/ca.pem", "PEM")]
    [InlineData("RECORDING_EMPTY_TIMEOUT", "5", "from 1 s to 24 h")]
    public void Wrong_value_is_named_with_value_and_range(string name, string value, string range)
    {
        (RecorderOptions _, IReadOnlyList<string> problems) = Read(("DISCORD_TOKEN", "secret"), (name, value));
        string problem = Assert.Single(problems);
        Assert.Contains(name, problem, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", problem, StringComparison.Ordinal);
        Assert.Contains(range, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bot abc.def")]
    public void Token_is_required_and_never_shown(string token)
    {
        string problem = Assert.Single(Read(("DISCORD_TOKEN", token)).Problems);
        Assert.StartsWith("DISCORD_TOKEN", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DISCORD_API_BASE", "DISCORD_ALLOW_HTTP")]
    [InlineData("RecordingApi:BaseUrl", "RecordingApi:AllowHttp")]
    public void A_secret_goes_out_in_the_clear_only_when_a_switch_says_so(string name, string allow)
    {
        string problem = Assert.Single(Read(("DISCORD_TOKEN", "secret"), (name, "http://10.0.0.7:7071")).Problems);
        Assert.StartsWith(name.Replace(":", "__", StringComparison.Ordinal), problem, StringComparison.Ordinal);
        Assert.Contains(allow.Replace(":", "__", StringComparison.Ordinal), problem, StringComparison.Ordinal);
        Assert.Empty(Read(("DISCORD_TOKEN", "secret"), (name, "http://10.0.0.7:7071"), (allow, "true")).Problems);
        Assert.All(
            ["http://127.0.0.1:7071", "http://localhost:7071", "http://[::1]:7071", "https://10.0.0.7"],
            harmless => Assert.Empty(Read(("DISCORD_TOKEN", "secret"), (name, harmless)).Problems));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("false", false)]
    [InlineData("true", true)]
    public void Gateway_without_tls_is_taken_where_the_same_switch_says_so(string? allow, bool expected) =>
        Assert.Equal(expected, Read(("DISCORD_TOKEN", "secret"), ("DISCORD_ALLOW_HTTP", allow)).Options.Gateway.AllowsHttp);

    private static (RecorderOptions Options, IReadOnlyList<string> Problems) Read(params (string Name, string? Value)[] values)
    {
        SettingReader reader = SettingValues.Read(values);
        return (RecorderOptionsReader.Read(reader, "spool"), [.. reader.Problems.Select(problem => problem.Text)]);
    }
}
