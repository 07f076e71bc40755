using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Segments;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>An alert that looks for a line that nobody writes would never ring.</summary>
public sealed partial class AlertTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    [Fact]
    public void Alerts_look_for_events_that_the_code_logs()
    {
        HashSet<int> logged = [.. EventIds(typeof(Bot.Cli.Settings.BotOptions).Assembly), .. EventIds(typeof(MoveSegment).Assembly),
            .. EventIds(typeof(Pipeline.RecordingApi.ApiOptions).Assembly), .. EventIds(typeof(Functions.Local.LocalOptions).Assembly)];
        int[] awaited = [.. Queries().SelectMany(query => EventId().Matches(query))
            .Select(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).Distinct()];
        Assert.True(awaited.Length >= 6, string.Join(", ", awaited));
        Assert.Empty(awaited.Except(logged));
        Assert.Equal(2, awaited.Count(id => id is 4301 or 4302));
    }

    [Fact]
    public void Every_alert_of_the_operations_has_a_query()
    {
        string json = template.Root.ToJsonString();
        Assert.All(["poison-message", "queue-age", "functions-silent", "failed-finalize", "spool-alarm", "missing-heartbeat"], name =>
            Assert.Contains($"\"{name}\"", json, StringComparison.Ordinal));
        Assert.Single(template.OfType("Microsoft.Insights/scheduledQueryRules"));
        Assert.Single(template.OfType("Microsoft.Insights/metricAlerts"));
    }

    /// <summary>
    /// The host keeps 20 items a second of an instance unless it is told otherwise; a line that is written once would be gone.
    /// </summary>
    [Fact]
    public void Lines_that_alerts_look_for_are_not_sampled_away()
    {
        JsonNode host = JsonNode.Parse(File.ReadAllText(RepositoryRoot.Combine("functions", "Pipeline.Functions", "host.json")))!;
        string excluded = (string)host["logging"]!["applicationInsights"]!["samplingSettings"]!["excludedTypes"]!;
        Assert.Contains("Trace", excluded.Split(';'));
    }

    /// <summary>Named by the host as the function is.</summary>
    [Fact]
    public void Sweep_that_tells_of_a_living_app_exists()
    {
        string function = Assert.Single(Queries().SelectMany(query => ExecutedFunction().Matches(query))).Groups[1].Value;
        Assert.Contains(function, FunctionTable.Timers.Keys);
    }

    private static IEnumerable<int> EventIds(Assembly assembly) =>
        assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId ?? 0);

    private IEnumerable<string> Queries() =>
        Strings(template.Root)
        .Where(text => text.Contains("AppTraces |", StringComparison.Ordinal) || text.Contains("| where Line", StringComparison.Ordinal));

    private static IEnumerable<string> Strings(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(entry => Strings(entry.Value)),
        JsonArray list => list.SelectMany(Strings),
        JsonValue value when value.TryGetValue(out string? text) => [text],
        _ => [],
    };

    [GeneratedRegex(@"'Functions\.(\w+)'")]
    private static partial Regex ExecutedFunction();

    [GeneratedRegex(@"\[(\d{4})\]")]
    private static partial Regex EventId();
}
