using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pipeline.Delivery.Invocations;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Worker;

/// <summary>What the published folder holds, and that every list of functions says the same.</summary>
public sealed class PublishedWorkerTests : IClassFixture<PublishedWorker>
{
    private readonly AzuriteFixture azurite;
    private readonly PublishedWorker published;

    public PublishedWorkerTests(AzuriteFixture azurite, PublishedWorker published)
    {
        Assert.SkipUnless(PublishedWorker.CanRun, "the package is for linux-x64");
        (this.azurite, this.published) = (azurite, published);
    }

    [Fact]
    public void Folder_holds_what_the_host_reads()
    {
        Assert.All(["host.json", "worker.config.json", "functions.metadata", "Pipeline.Functions.dll", "Pipeline.Functions.deps.json",
            "Pipeline.Functions.runtimeconfig.json", "extensions.json"],
            name => Assert.True(File.Exists(Path.Combine(published.Path, name))
                || File.Exists(Path.Combine(published.Path, ".azurefunctions", name))
                || File.Exists(Path.Combine(published.Path, "bin", name)), name));
        Assert.True(Directory.Exists(Path.Combine(published.Path, ".azurefunctions")));
        Assert.Empty(Directory.GetFiles(published.Path, "function.json", SearchOption.AllDirectories));
        Assert.False(File.Exists(Path.Combine(published.Path, "System.Private.CoreLib.dll")), "the host brings .NET itself");
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(published.Path, "worker.config.json")))!;
        Assert.True(File.Exists(Path.Combine(published.Path, (string)config["description"]!["defaultWorkerPath"]!)));
    }

    /// <summary>A model runs on a machine of the owner's: its native code would make every start in the cloud slower.</summary>
    [Fact]
    public void Nothing_that_runs_a_model_is_in_it()
    {
        string[] files = Directory.GetFiles(published.Path, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => Regex.IsMatch(Path.GetFileName(file), "whisper|ggml", RegexOptions.IgnoreCase));
        Assert.DoesNotContain("whisper", File.ReadAllText(Path.Combine(published.Path, "Pipeline.Functions.deps.json")),
            StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Zip_holds_the_same()
    {
        using ZipArchive zip = ZipFile.OpenRead(published.Zip);
        string[] files = [.. Directory.GetFiles(published.Path, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(published.Path, file))];
        Assert.Equal(files.Order(StringComparer.Ordinal),
            zip.Entries.Select(entry => entry.FullName).Where(name => !name.EndsWith('/')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Worker_s_queues_and_timers_are_those_of_the_table()
    {
        Dictionary<string, JsonNode> triggers = Triggers();
        Assert.Equal(
            FunctionTable.Queues.OrderBy(entry => entry.Key),
            triggers.Where(entry => (string)entry.Value["type"]! == "queueTrigger")
                .Select(entry => KeyValuePair.Create(entry.Key, (string)entry.Value["queueName"]!)).OrderBy(entry => entry.Key));
        Assert.Equal(
            FunctionTable.Timers.OrderBy(entry => entry.Key),
            triggers.Where(entry => (string)entry.Value["type"]! == "timerTrigger")
                .Select(entry => KeyValuePair.Create(entry.Key, (string)entry.Value["schedule"]!)).OrderBy(entry => entry.Key));
        Assert.All(triggers.Values.Where(trigger => (string)trigger["type"]! == "queueTrigger"), trigger =>
            Assert.Equal("PipelineStorage", (string)trigger["connection"]!));
    }

    [Fact]
    public void Host_json_has_the_rules_of_the_table()
    {
        JsonNode host = JsonNode.Parse(File.ReadAllText(Path.Combine(published.Path, "host.json")))!;
        JsonNode queues = host["extensions"]!["queues"]!;
        Assert.Equal(
            (FunctionTable.BatchSize, FunctionTable.NewBatchThreshold, FunctionTable.MaxDequeueCount, FunctionTable.RetryDelay,
                FunctionTable.MaxPollingInterval, FunctionTable.Timeout),
            ((int)queues["batchSize"]!, (int)queues["newBatchThreshold"]!, (int)queues["maxDequeueCount"]!,
                Time(queues["visibilityTimeout"]!), Time(queues["maxPollingInterval"]!), Time(host["functionTimeout"]!)));
        Assert.Equal(("none", "OpenTelemetry", ""),
            ((string)queues["messageEncoding"]!, (string)host["telemetryMode"]!, (string)host["extensions"]!["http"]!["routePrefix"]!));
        Assert.Null(host["extensionBundle"]);
    }

    /// <summary>A route that no function covers would be a 404 of the host that nobody here ever sees.</summary>
    [Fact]
    public async Task Every_route_of_the_api_is_covered_by_a_function()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using JsonDocument document = JsonDocument.Parse(
            await app.Http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative), TestContext.Current.CancellationToken));
        JsonNode[] functions = [.. Triggers().Values.Where(trigger =>
            ((string)trigger["type"]!).Equals("httpTrigger", StringComparison.OrdinalIgnoreCase))];
        List<string> uncovered = [];
        foreach (JsonProperty path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            string example = path.Name.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            foreach (JsonProperty method in path.Value.EnumerateObject())
            {
                if (!functions.Any(function => Covers(function, method.Name, example))) uncovered.Add($"{method.Name} {path.Name}");
            }
        }
        Assert.Empty(uncovered);
    }

    private static bool Covers(JsonNode function, string method, string path)
    {
        string route = Regex.Replace((string)function["route"]!, @"/\{\*[^}]*\}", "(/.*)?");
        route = Regex.Replace(route, @"\{[^}]*\}", "[^/]+");
        return Regex.IsMatch(path, $"^/{route}$")
            && function["methods"]!.AsArray().Any(known => ((string)known!).Equals(method, StringComparison.OrdinalIgnoreCase));
    }

    private static TimeSpan Time(JsonNode value) => TimeSpan.Parse((string)value!, System.Globalization.CultureInfo.InvariantCulture);

    private Dictionary<string, JsonNode> Triggers()
    {
        JsonArray functions = JsonNode.Parse(File.ReadAllText(Path.Combine(published.Path, "functions.metadata")))!.AsArray();
        return functions.ToDictionary(function => (string)function!["name"]!, function =>
            function!["bindings"]!.AsArray()
            .Single(binding => ((string)binding!["type"]!).EndsWith("Trigger", StringComparison.OrdinalIgnoreCase))!);
    }
}
