using System.Reflection;
using Pipeline.Settings.Known;
using Pipeline.TestKit;

namespace Pipeline.Settings.Tests.Known;

public sealed class KnownSettingsTests
{
    public static TheoryData<string> Names => [.. KnownSettings.All.Select(setting => setting.Name)];

    [Fact]
    public void Every_declared_setting_is_on_the_list_once()
    {
        Setting[] declared =
        [
            .. from type in typeof(KnownSettings).Assembly.GetTypes()
               where type.Namespace == typeof(KnownSettings).Namespace
               from property in type.GetProperties(BindingFlags.Static | BindingFlags.Public)
               where property.PropertyType.IsAssignableTo(typeof(Setting))
               select (Setting)property.GetValue(null)!,
        ];
        Assert.NotEmpty(declared);
        Assert.Equal(declared.Select(setting => setting.Name).Order(StringComparer.Ordinal),
            KnownSettings.All.Select(setting => setting.Name).Order(StringComparer.Ordinal));
        Assert.Equal(KnownSettings.All.Count,
            KnownSettings.All.Select(setting => setting.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Default_that_the_table_shows_is_allowed(string name)
    {
        Setting setting = KnownSettings.All.Single(setting => setting.Name == name);
        Assert.NotEqual(Programs.None, setting.ReadBy);
        Assert.NotEmpty(setting.Range);
        Assert.NotEmpty(setting.Sentence);
        Assert.False(setting.Sentence.EndsWith('.'), "a cell of a table has no full stop");
        Assert.DoesNotContain('|', setting.Sentence + setting.Range + setting.Default);
        if (setting is { DefaultInWords: null, Default.Length: > 0 }) Assert.Equal(setting.Default, setting.Show(setting.Default));
    }

    [Theory]
    [InlineData("bot", Programs.Bot)]
    [InlineData("functions", Programs.Functions)]
    public void Readme_has_every_setting_as_it_is_declared(string title, Programs program)
    {
        string table = SettingsTable.Markdown(title, KnownSettings.Of(program));
        Assert.True(
            File.ReadAllText(RepositoryRoot.Combine("README.md")).Contains("\n" + table + "\n", StringComparison.Ordinal),
            $"README's table of settings for '{title}' has to be:\n{table}");
    }

    [Fact]
    public void Both_ends_of_every_range_of_times_and_sizes_are_allowed_as_the_table_spells_them()
    {
        Setting[] ranges = [.. KnownSettings.All.Where(setting => setting is Setting<TimeSpan> or Setting<long> or Setting<int>)];
        Assert.NotEmpty(ranges);
        Assert.All(ranges, setting => Assert.All(setting.Range.Split(" to "), end => Assert.Equal(end, setting.Show(end))));
    }

    [Fact]
    public void Each_name_of_ours_begins_like_one() => Assert.All(
        KnownSettings.All.Where(setting => setting != HostingSettings.Telemetry),
        setting => Assert.Contains(KnownSettings.Prefixes, prefix => setting.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Secrets_are_never_shown()
    {
        Assert.Equal(
            [
                "DISCORD_TOKEN", "Functions__BotKey", "Functions__Key", "Functions__ReadKey", "PipelineStorage", "RecordingApi__ApiKey",
                "Transcription__Key", "Webhooks__N__Secret", "Webhooks__N__Url",
            ],
            KnownSettings.All.Where(setting => setting.IsSecret).Select(setting => setting.Name).Order());
        Assert.All(KnownSettings.All.Where(setting => setting.IsSecret), setting =>
            Assert.Equal("set", setting.Show(setting.Name.EndsWith("Url", StringComparison.Ordinal) ? "https://a.example/" : "word")));
    }

    [Fact]
    public void Settings_in_force_name_value_and_source()
    {
        string[] lines = [.. SettingsInForce.Lines(
            Values.Of(("RECORDING_CHANNELS", "1"), ("RECORDING_SILENCE_THRESHOLD", "90000"), ("DISCORD_TOKEN", "abc"),
                ("RECORDING_MAX_DURATION", "720m")),
            [RecordingSettings.Channels, RecordingSettings.SilenceThreshold, DiscordSettings.Token, ApiSettings.ApiKey,
                RecordingSettings.MaximumDuration, RecordingSettings.EmptyTimeout, ApiSettings.PageUrl])];
        Assert.Equal(
            [
                "RECORDING_CHANNELS           1        command line",
                "RECORDING_SILENCE_THRESHOLD  wrong    command line",
                "DISCORD_TOKEN                set      command line",
                "RecordingApi__ApiKey         not set  default",
                "RECORDING_MAX_DURATION       12 h     command line",
                "RECORDING_EMPTY_TIMEOUT      5 min    default",
                "RecordingApi__PageUrl        not set  default",
            ],
            lines);
    }

    [Fact]
    public void What_is_set_is_told_in_one_line_without_secrets_and_defaults()
    {
        SettingSources sources = Values.Of(("RECORDING_CHANNELS", "1"), ("RECORDING_SILENCE_THRESHOLD", "90000"), ("DISCORD_TOKEN", "abc"),
            ("Webhooks__2__GuildId", "7"));
        Assert.Equal("RECORDING_CHANNELS=1 (command line), RECORDING_SILENCE_THRESHOLD=wrong (command line), "
            + "DISCORD_TOKEN=set (command line), Webhooks__2__GuildId=7 (command line)",
            SettingsInForce.Line(sources, [RecordingSettings.Channels, RecordingSettings.SilenceThreshold, DiscordSettings.Token,
                RecordingSettings.EmptyTimeout, WebhookSettings.GuildId]));
        Assert.Equal("none, all are defaults", SettingsInForce.Line(sources, [RecordingSettings.EmptyTimeout]));
    }

    [Fact]
    public void One_of_several_is_shown_under_its_number_and_the_declared_name_where_none_is_set()
    {
        SettingSources sources = Values.Of(("Webhooks__0__GuildId", "7"), ("Webhooks__15__GuildId", "8"), ("Webhooks__16__GuildId", "9"));
        Assert.Equal(
            [
                "Webhooks__0__GuildId   7                       command line",
                "Webhooks__15__GuildId  8                       command line",
                "Webhooks__N__Events    all but segment.stored  default",
            ],
            SettingsInForce.Lines(sources, [WebhookSettings.GuildId, WebhookSettings.Events]));
        Setting<string?> third = WebhookSettings.Url.At(3);
        Assert.Equal(("Webhooks__3__Url", true, WebhookSettings.Url), (third.Name, third.IsSecret, third.Declared));
    }

    [Theory]
    [InlineData("https://hooks.example/a?b=c", true)]
    [InlineData("http://127.0.0.1:1/", true)] // whether it may be so is the webhooks' matter
    [InlineData("ftp://hooks.example/a", false)]
    [InlineData("https://me:secret@hooks.example/a", false)]
    [InlineData("hooks.example/a", false)]
    public void Webhook_has_a_web_address_without_a_password(string text, bool isRight) =>
        Assert.Equal(isRight, WebhookSettings.Url.Form.TryRead(text, out _));

    [Theory]
    [InlineData(2_000, true)]
    [InlineData(2_001, false)]
    public void Address_of_a_webhook_has_two_thousand_characters_at_most(int length, bool isRight) =>
        Assert.Equal(isRight, WebhookSettings.Url.Form.TryRead("https://hooks.example/".PadRight(length, 'a'), out _));

    [Theory]
    [InlineData("en", true)]
    [InlineData("de-DE, en", true)]
    [InlineData("abcdefghij-abcdefghi", true)]
    [InlineData("abcdefghij-abcdefghij", false)]
    [InlineData("e", false)]
    [InlineData("en,", false)]
    [InlineData("en_GB", false)]
    [InlineData("en\"", false)]
    public void Language_is_a_list_of_tags(string text, bool isRight) =>
        Assert.Equal(isRight, TranscriptionSettings.Language.Form.TryRead(text, out _));

    [Fact]
    public void Table_has_a_row_for_each_setting() => Assert.Equal(
        """
        | bot | default | unit | range | |
        |---|---|---|---|---|
        | `RECORDING_EMPTY_TIMEOUT` | 5 min | ms | 1 s to 24 h | How long the bot stays when everybody has left |

        """,
        SettingsTable.Markdown("bot", [RecordingSettings.EmptyTimeout]));
}
