using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Pipeline.Bot.Observability;
using Pipeline.Delivery;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>A panel that asks for a figure that nobody counts would stay empty and look well.</summary>
public sealed partial class DashboardTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    // What an owner has to see, by a metric that tells of it.
    private static readonly string[] Wanted =
        ["pipeline.recordings", "pipeline.speakers", "pipeline.spoken_to_durable.duration", "pipeline.move.latency", "pipeline.spool.bytes",
            "pipeline.segments.faulty", "pipeline.segments.missing", "pipeline.messages.poison", "pipeline.segments.moved",
            "pipeline.bytes.moved"];

    [Fact]
    public void Workbook_asks_for_metrics_that_the_code_counts()
    {
        JsonNode workbook = Assert.Single(template.OfType("Microsoft.Insights/workbooks"));
        Assert.Equal("shared", (string?)workbook["kind"]);
        JsonNode content = JsonNode.Parse(Read("workbook.json"))!;
        string[] queries = [.. content["items"]!.AsArray().Select(item => (string?)item!["content"]!["query"]).OfType<string>()];
        Assert.All(queries, query => Assert.Equal(query.Count(letter => letter == '('), query.Count(letter => letter == ')')));
        string[] asked = [.. queries.SelectMany(query => QuotedMetric().Matches(query)).Select(match => match.Groups[1].Value).Distinct()];
        using Counted counted = new();
        Assert.Empty(asked.Except(counted.Names));
        Assert.Empty(Wanted.Except(asked));
    }

    [Fact]
    public async Task Grafana_asks_for_series_that_are_scraped()
    {
        JsonNode board = JsonNode.Parse(Read("grafana.json"))!;
        JsonNode[] panels = [.. board["panels"]!.AsArray().Select(panel => panel!)];
        Assert.Equal(panels.Length, panels.Select(panel => (int)panel["id"]!).Distinct().Count());
        string[] asked = [.. panels.SelectMany(panel => panel["targets"]!.AsArray()).Select(target => (string)target!["expr"]!)
            .SelectMany(expression => Series().Matches(expression)).Select(match => match.Value).Distinct()];
        using Counted counted = new();
        HashSet<string> scraped = await counted.ScrapeAsync();
        Assert.Empty(asked.Except(scraped));
        string[] wanted = [.. Wanted.Select(name => name.Replace('.', '_'))];
        Assert.All(wanted, name => Assert.Contains(asked, series => series.StartsWith(name, StringComparison.Ordinal)));
    }

    private static string Read(string file) => File.ReadAllText(RepositoryRoot.Combine("bicep", "dashboards", file));

    [GeneratedRegex("\"(pipeline\\.[a-z_.]+)\"")]
    private static partial Regex QuotedMetric();

    [GeneratedRegex("pipeline_[a-z_]+")]
    private static partial Regex Series();

    /// <summary>Every instrument of bot and functions, used once, behind the exporter of the product.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly HashSet<string> names = [];
        private readonly int port = FreePort.Take(1)[0];
        private readonly MeterProvider exporter;
        private readonly MeterListener listener = new();
        private readonly BotMetrics bot;
        private readonly Telemetry functions;

        public Counted()
        {
            listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name is BotMetrics.MeterName or Telemetry.Name) names.Add(instrument.Name);
            };
            listener.Start();
            exporter = Sdk.CreateMeterProviderBuilder().AddMeter(BotMetrics.MeterName, Telemetry.Name)
                .AddPrometheusHttpListener(scraped => (scraped.Host, scraped.Port) = ("127.0.0.1", port)).Build();
            bot = new BotMetrics();
            bot.Observe(() => new SpoolTotals(1, 1, 0), () => 1, () => 1, () => 1);
            bot.ObservePackets(() => [new PacketTotals(3, 2, 1)]);
            bot.SegmentClosed();
            bot.SegmentUploaded(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
            functions = new Telemetry(services.GetRequiredService<IMeterFactory>());
            functions.Moved(1, TimeSpan.FromSeconds(1));
            functions.Faulty("test");
            functions.Finalized(TimeSpan.FromSeconds(1), 1);
            functions.Deferred("test");
            functions.Adopted();
            functions.QueueDepth("test", 1);
            functions.Poison("test", givenUp: false);
        }

        public IReadOnlyCollection<string> Names => names;

        public async Task<HashSet<string>> ScrapeAsync()
        {
            using HttpClient http = new();
            string text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
            return [.. Series().Matches(text).Select(match => match.Value)];
        }

        public void Dispose()
        {
            bot.Dispose();
            functions.Dispose();
            exporter.Dispose();
            listener.Dispose();
            services.Dispose();
        }
    }
}
