using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Deployment.Tests.Bicep;
using Pipeline.Functions.Local;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Settings;

/// <summary>What the templates and images set is what the code reads, and with it the code starts.</summary>
public sealed partial class SettingsTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    // Read by the Functions host, by ASP.NET Core, by the Azure and OpenTelemetry packages, and by Azurite.
    private static readonly string[] ReadByOthers =
    [
        "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__queueServiceUri", "AzureWebJobsStorage__tableServiceUri",
            "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId",
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "ASPNETCORE_URLS",
        "AZURITE_ACCOUNTS", "NODE_OPTIONS",
    ];

    [Theory]
    [InlineData("Microsoft.App/containerApps")]
    [InlineData("Microsoft.ContainerInstance/containerGroups")]
    public void Bot_reads_every_variable_that_a_container_gets_and_starts_with_them(string type)
    {
        string[] set = NamesOf(ModuleThatHolds(type));
        SettingReader reader = ReadBot(set.ToDictionary(name => name, Example));
        Assert.Empty(set.Except(reader.Asked.Select(setting => setting.Name), StringComparer.OrdinalIgnoreCase));
        Assert.Empty(reader.Problems);
        string[] required = ["DISCORD_TOKEN", "DISCORD_SHARD", "DISCORD_GUILD_ID", "RecordingApi__BaseUrl", "RecordingApi__ApiKey",
            "PipelineStorage__credential", "PipelineStorage__clientId", "RECORDING_SPOOL_FOLDER", "HEALTH_ENDPOINT", "SHUTDOWN_GRACE",
            "OTEL_EXPORTER_OTLP_ENDPOINT"];
        Assert.Empty(required.Except(set));
    }

    [Fact]
    public void Bot_says_what_is_missing_when_a_container_gets_nothing() =>
        Assert.Collection(ReadBot([]).Problems.Select(problem => problem.Name).Order(), problem =>
            Assert.StartsWith("DISCORD_TOKEN", problem, StringComparison.Ordinal), problem =>
            Assert.StartsWith("PipelineStorage", problem, StringComparison.Ordinal));

    [Fact]
    public void Functions_read_every_app_setting_and_start_with_them()
    {
        string[] set = NamesOf(ModuleThatHolds("Microsoft.Web/sites"));
        SettingReader reader = Reader(set.ToDictionary(name => name, Example));
        LocalOptions options = LocalOptions.Read(reader);
        Assert.Empty(set.Except(NamesOf(reader), StringComparer.OrdinalIgnoreCase).Except(ReadByOthers));
        Assert.Empty(reader.Problems);
        Assert.Equal("managedidentity", options.Storage.Credential);
        Assert.NotNull(options.Storage.ClientId);
        Assert.NotNull(options.TelemetryEndpoint);
        Assert.Empty(ReadByOthers.Where(name => name.StartsWith("AzureWebJobs", StringComparison.Ordinal)).Except(set));
    }

    [Theory]
    [InlineData("Dockerfile")]
    [InlineData("functions.Dockerfile")]
    [InlineData("compose.yaml")]
    public void Images_and_compose_set_only_what_is_read(string file)
    {
        SettingReader functions = Reader([]);
        LocalOptions.Read(functions);
        Assert.Equal("PipelineStorage", Assert.Single(functions.Problems).Name);
        string text = File.ReadAllText(RepositoryRoot.Combine("infra", file));
        string[] set = [.. (file.EndsWith("yaml", StringComparison.Ordinal) ? ComposeVariable() : DockerVariable()).Matches(text)
            .Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(set);
        Assert.Empty(set.Except(NamesOf(ReadBot([]))).Except(NamesOf(functions)).Except(ReadByOthers));
    }

    /// <summary>
    /// Compose reads what stands behind <c>:?</c> as a template too: a lone <c>$</c> there makes it refuse the whole file.
    /// </summary>
    [Fact]
    public void Every_dollar_in_compose_begins_a_variable()
    {
        string[] lines = [.. File.ReadLines(RepositoryRoot.Combine("infra", "compose.yaml"))
            .Where(line => !line.TrimStart().StartsWith('#'))];
        Assert.Equal(lines.Sum(line => line.Count(letter => letter == '$')), lines.Sum(line => ComposeReference().Count(line)));
    }

    [Fact]
    public void Bot_reads_every_setting_that_is_declared_for_it_and_no_other() => Assert.Equal(
        KnownSettings.Of(Programs.Bot).Select(setting => setting.Name).Order(StringComparer.Ordinal),
        ReadBot([]).Asked.Select(setting => setting.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Functions_read_every_setting_that_is_declared_for_them_and_no_other()
    {
        SettingReader reader = Reader([]);
        LocalOptions.Read(reader);
        Assert.Equal(
            KnownSettings.Of(Programs.Functions).Select(setting => setting.Name).Order(StringComparer.Ordinal),
            NamesOf(reader).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("bot")]
    [InlineData("functions")]
    public void Nothing_reads_a_setting_past_the_reader(string folder)
    {
        string[] sources = Directory.GetFiles(RepositoryRoot.Combine(folder), "*.cs", SearchOption.AllDirectories);
        Assert.NotEmpty(sources);
        Assert.DoesNotContain(sources, file => PastTheReader().IsMatch(File.ReadAllText(file)));
    }

    private static IEnumerable<string> NamesOf(SettingReader reader) => reader.Asked.Select(setting => setting.Name);

    private static SettingReader ReadBot(Dictionary<string, string> values)
    {
        SettingReader reader = Reader(values);
        RecorderOptionsReader.Read(reader, BotOptionsReader.Read(reader).Spool.Folder);
        return reader;
    }

    private static SettingReader Reader(Dictionary<string, string> values)
    {
        IEnumerable<KeyValuePair<string, string?>> pairs =
            values.Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value));
        return new SettingReader(new SettingSources(new ConfigurationBuilder().AddInMemoryCollection(pairs).Build()));
    }

    private static string Example(string name) => name switch
    {
        "DISCORD_SHARD" => "0/1",
        "DISCORD_GUILD_ID" => "123",
        "SHUTDOWN_GRACE" => "540",
        "PUBLIC_BASE_URL" => "https://record.example.net",
        "RECORDING_SPOOL_LIMIT_MB" => "1536",
        _ when name.EndsWith("__credential", StringComparison.Ordinal) => "managedidentity",
        _ when name.EndsWith("Uri", StringComparison.Ordinal) || name.EndsWith("Url", StringComparison.Ordinal) =>
            "https://account.example.net/",
        _ when name.EndsWith("ENDPOINT", StringComparison.Ordinal) => "http://0.0.0.0:8080",
        _ => "example",
    };

    private string ModuleThatHolds(string type) =>
        Modules(template.Root)
        .First(module =>
        module["resources"] is { } resources && resources.ToJsonString().Contains($"\"type\":\"{type}\"", StringComparison.Ordinal)
        && !resources.ToJsonString().Contains("Microsoft.Resources/deployments", StringComparison.Ordinal))
        .ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal).Replace("\\u0022", "\"", StringComparison.Ordinal);

    private static IEnumerable<JsonObject> Modules(JsonNode node)
    {
        if (node is JsonObject self && self["$schema"] is not null) yield return self;
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject map => map.Select(entry => entry.Value),
            JsonArray list => list,
            _ =>
            []
        };
        foreach (JsonObject inner in children.Where(child => child is not null).SelectMany(child => Modules(child!))) yield return inner;
    }

    private static string[] NamesOf(string module)
    {
        string[] plain = [.. NameOfVariable().Matches(module).Select(match => match.Groups[1].Value)];
        string[] prefixes = [.. new[] { "AzureWebJobsStorage", "PipelineStorage" }.Where(prefix =>
            module.Contains($"\"{prefix}\"", StringComparison.Ordinal) || module.Contains($"'{prefix}'", StringComparison.Ordinal))];
        string[] prefixed = [.. PrefixedName().Matches(module)
            .SelectMany(match => prefixes.Select(prefix => $"{prefix}__{match.Groups[1].Value}"))];
        return [.. plain.Concat(prefixed).Distinct().Order(StringComparer.Ordinal)];
    }

    // createObject('name', 'SPOOL', …) inside an expression, or {"name":"SPOOL", …} where the compiler folded it.
    [GeneratedRegex(@"(?:'name', '|""name"":"")([A-Z][A-Za-z]*_[A-Za-z_]+)['""]")]
    private static partial Regex NameOfVariable();

    [GeneratedRegex(@"onfiguration\[""|GetEnvironmentVariable\(|\.GetValue<")]
    private static partial Regex PastTheReader();

    [GeneratedRegex(@"\{0\}__(\w+)")]
    private static partial Regex PrefixedName();

    [GeneratedRegex(@"(?:^ENV |(?<=^ENV .*) )([A-Za-z_]+)=", RegexOptions.Multiline)]
    private static partial Regex DockerVariable();

    [GeneratedRegex(@"\$\{[A-Z_]+(?::[-?][^${}]*)?\}")]
    private static partial Regex ComposeReference();

    [GeneratedRegex(@"^ {2,6}([A-Z][A-Za-z]*(?:_[A-Za-z_]+)?): ", RegexOptions.Multiline)]
    private static partial Regex ComposeVariable();
}
