using System.Reflection;
using Pipeline.Settings.Known;

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
    public void Table_has_a_row_for_each_setting() => Assert.Equal(
        """
        | bot | default | unit | range | |
        |---|---|---|---|---|
        | `RECORDING_EMPTY_TIMEOUT` | 5 min | ms | 1 s to 24 h | How long the bot stays when everybody has left |

        """,
        SettingsTable.Markdown("bot", [RecordingSettings.EmptyTimeout]));
}
