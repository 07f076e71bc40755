using Microsoft.Extensions.Configuration;
using Pipeline.Functions.Local;
using Pipeline.Functions.Local.Triggers;
using Pipeline.Settings;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

public sealed class LocalOptionsTests
{
    private static readonly Dictionary<string, string?> ByIdentity = new()
    {
        ["PipelineStorage:blobServiceUri"] = "https://a.blob.core.windows.net",
        ["PipelineStorage:queueServiceUri"] = "https://a.queue.core.windows.net",
        ["PipelineStorage:tableServiceUri"] = "https://a.table.core.windows.net",
        ["PipelineStorage:credential"] = "managedidentity",
        ["PipelineStorage:clientId"] = "11111111-1111-1111-1111-111111111111",
    };

    [Theory]
    [InlineData("600000", 600)]
    [InlineData("10m", 600)]
    [InlineData("00:10:00", 600)]
    [InlineData("1.5h", 5_400)]
    [InlineData("90 s", 90)]
    public void Times_are_read_in_every_usual_form(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(("RECORDING_ABANDON_AFTER", text)).Delivery.AbandonAfter);

    [Theory]
    [InlineData("RECORDING_ABANDON_AFTER", "soon", "a time from")]
    [InlineData("RECORDING_ABANDON_AFTER", "-5m", "a time from")]
    [InlineData("RECORDING_ABANDON_AFTER", "8d", "a time from")]
    [InlineData("RECORDING_ABANDON_AFTER", "NaN", "a time from")]
    [InlineData("RecordingApi:BaseUrl", "example.org", "an http or https address")]
    [InlineData("Functions:LocalTriggers", "perhaps", "true or false")]
    [InlineData("RecordingApi:BaseUrl", "http://recordings.example.org", "an https address")]
    [InlineData("Functions:PoisonRedrives", "many", "a whole number from 0 to 100")]
    public void Wrong_value_is_named_with_its_remedy(string name, string value, string remedy)
    {
        string problem = Assert.Single(ProblemsOf((name, value))).Text;
        Assert.Contains(value, problem, StringComparison.Ordinal);
        Assert.Contains(remedy, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blobServiceUri", null, "PipelineStorage__blobServiceUri is not set")]
    [InlineData("queueServiceUri", "http://a.queue.core.windows.net",
        "PipelineStorage__queueServiceUri: 'http://a.queue.core.windows.net' is not allowed, expected an https address")]
    [InlineData("tableServiceUri", "http://a.table.core.windows.net",
        "PipelineStorage__tableServiceUri: 'http://a.table.core.windows.net' is not allowed, expected an https address")]
    [InlineData("tableServiceUri", "https://a.table.core.windows.net?sig=secret",
        "PipelineStorage__tableServiceUri: 'https://a.table.core.windows.net?…' is not allowed")]
    [InlineData("credential", "managedidentty",
        "PipelineStorage__credential: 'managedidentty' is not allowed, expected managedidentity or default")]
    public void Wrong_address_or_identity_of_the_storage_is_named_by_itself(string name, string? value, string message)
    {
        Dictionary<string, string?> settings = new(ByIdentity) { [$"PipelineStorage:{name}"] = value };
        string problem = Assert.Single(Assert.Throws<InvalidSettingsException>(() => Read(settings)).Problems).Text;
        Assert.StartsWith(message, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Grace_without_a_unit_is_in_seconds_as_the_bot_s_is()
    {
        Assert.True(Read().LocalTriggers);
        Assert.Equal(TimeSpan.FromSeconds(90), Read(("SHUTDOWN_GRACE", "90")).ShutdownGrace);
        Assert.Equal(TimeSpan.FromMinutes(2), Read(("SHUTDOWN_GRACE", "2m")).ShutdownGrace);
    }

    [Theory]
    [InlineData("https://127.0.0.1:7071")]
    [InlineData("localhost")]
    public void Address_that_it_cannot_listen_on_is_named(string url)
    {
        InvalidSettingsException wrong = Assert.Throws<InvalidSettingsException>(() =>
            LocalApp.Build([$"--urls={url}", "--PipelineStorage=UseDevelopmentStorage=true"]));
        Assert.Contains($"ASPNETCORE_URLS (or --urls): '{url}'", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:7071", null)]
    [InlineData("https://recordings.example.org", null)]
    [InlineData("http://functions:7071", "true")]
    public void Key_goes_in_the_open_only_on_loopback_or_where_the_owner_says_so(string url, string? allowed) =>
        Assert.Equal(new Uri(url),
            Read(("RecordingApi:BaseUrl", url), ("RecordingApi:AllowHttp", allowed ?? "false")).Delivery.RecordingApiBaseUrl);

    [Fact]
    public void Telemetry_can_be_switched_off_by_name()
    {
        LocalOptions options = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "off"), ("PROMETHEUS_ENDPOINT", "off"));
        Assert.Null(options.TelemetryEndpoint);
        Assert.Null(options.PrometheusEndpoint);
    }

    [Fact]
    public void Storage_is_found_by_its_addresses_too()
    {
        LocalOptions options = Read(ByIdentity);
        Assert.Equal("a.queue.core.windows.net", options.Storage.QueueServiceUri!.Host);
        Assert.Null(options.Storage.ConnectionString);
    }

    [Fact]
    public void Every_problem_is_told_at_once_and_a_misspelt_name_with_them()
    {
        IReadOnlyList<SettingProblem> problems =
            ProblemsOf(("RECORDING_ABANDON_AFTER", "soon"), ("SHARE_LINK_DAYS", "0"), ("SHARE_LINK_DAY", "3"));
        Assert.Equal(["SHARE_LINK_DAY", "RECORDING_ABANDON_AFTER", "SHARE_LINK_DAYS"], problems.Select(problem => problem.Name));
        Assert.Contains("SHARE_LINK_DAYS", problems[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void File_beside_the_program_then_the_one_in_the_working_folder_then_the_environment()
    {
        using TempFolder working = new();
        File.WriteAllText(Path.Combine(working.Path, SettingSources.FileName), """{"RECORDING_ADOPT_AFTER": "7m", "PATH": "from the file"}""");
        SettingSources sources = new(LocalSettings.CreateBuilder([], working.Path).Configuration);
        Assert.Equal("7m", sources.Find("RECORDING_ADOPT_AFTER")?.Value);
        Assert.Equal(SettingSources.Environment, sources.Find("PATH")?.Source);
        File.WriteAllText(Path.Combine(working.Path, SettingSources.FileName), "{");
        InvalidSettingsException wrong = Assert.Throws<InvalidSettingsException>(() => LocalSettings.CreateBuilder([], working.Path));
        Assert.Contains(working.Path, wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>What App Service leaves in the place of a secret that it cannot read: everybody knows that text.</summary>
    [Theory]
    [InlineData("a-long-random-word-of-the-bot", true)]
    [InlineData("@Microsoft.KeyVault(VaultName=kv-pipe-x;SecretName=recording-api-key)", false)]
    public void Secret_that_was_not_found_is_nobody_s_key(string value, bool isKey) =>
        Assert.Equal(isKey ? value : null, Read(("Functions__BotKey", value)).Api.BotKey);

    private static IReadOnlyList<SettingProblem> ProblemsOf(params (string Name, string Value)[] settings) =>
        Assert.Throws<InvalidSettingsException>(() => Read(settings)).Problems;

    private static LocalOptions Read(params (string Name, string Value)[] settings) =>
        Read(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)
            .Append(new("PipelineStorage", "UseDevelopmentStorage=true")));

    private static LocalOptions Read(IEnumerable<KeyValuePair<string, string?>> settings) =>
        LocalSettings.Read(new SettingSources(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));
}
