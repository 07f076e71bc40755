using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>What a collector gets of a recording that real processes made.</summary>
[Collection(DeployCollection.Name)]
public sealed class TelemetryTests
{
    private const string Bot = "Pipeline.Bot", Functions = "Pipeline.Functions";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] BotMetrics =
    [
        "pipeline.speakers", "pipeline.packets.received", "pipeline.packets.lost", "pipeline.packets.undecryptable",
            "pipeline.segments.open", "pipeline.segments.closed",
        "pipeline.segments.uploaded", "pipeline.spool.bytes", "pipeline.upload.duration", "dotnet.process.memory.working_set",
    ];

    private static readonly string[] FunctionsMetrics = ["pipeline.segments.moved", "pipeline.move.latency", "pipeline.finalize.latency",
        "pipeline.queue.depth", "dotnet.process.memory.working_set"];

    [Fact]
    [Trait("Category", "Long")]
    public async Task Collector_sees_every_figure_and_one_trace_from_a_segments_close_to_its_ledger_row()
    {
        using OtlpCollector collector = new();
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite, collector.Settings);
        Dictionary<string, string?> settings = collector.Settings;
        foreach ((string name, string? value) in azurite.Settings) settings[name] = value;

        string id = await Replayed.RunAsync(folder, settings, speakers: 2, length: "45s", speed: "10", "--loss", "5%");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, Patience);
        await UntilAsync(() =>
            FunctionsMetrics.All(name => collector.Highest(Functions, name) is not null)
            && Traces(collector).Count >= recording.SegmentCount);
        await functions.Process.SignalAsync(15);
        await functions.Process.WaitForExitAsync(Patience);

        Assert.All(BotMetrics, name => Assert.NotNull(collector.Highest(Bot, name)));
        Assert.All(FunctionsMetrics, name => Assert.NotNull(collector.Highest(Functions, name)));
        Assert.Equal(recording.SegmentCount, collector.Highest(Bot, "pipeline.segments.uploaded"));
        Assert.Equal(recording.SegmentCount, collector.Highest(Functions, "pipeline.segments.moved"));
        Assert.Equal(recording.SegmentCount, collector.Highest(Bot, "pipeline.upload.duration"));
        // 2 speakers, 50 packets a second, 45 s, 5 % lost
        Assert.InRange(collector.Highest(Bot, "pipeline.packets.received")!.Value, 3500, 4500);
        Assert.InRange(collector.Highest(Bot, "pipeline.packets.lost")!.Value, 100, 400);
        Assert.Equal(recording.SegmentCount, Traces(collector).Select(trace => trace.Upload.TraceId).Distinct().Count());
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Figures_can_be_scraped_from_bot_and_functions()
    {
        int[] ports = FreePort.Take(2);
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite, Scraped(ports[0]));
        await using Simulator discord = await Simulator.StartAsync();
        await using BotProcess bot = BotProcess.Start(discord, azurite.Settings, functions, Scraped(ports[1]));
        await bot.UntilReadyAsync("ready");

        string id = await Replayed.RunAsync(folder, azurite.Settings, speakers: 1, length: "20s", speed: "20");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, Patience);

        Assert.Equal(0, await ScrapeAsync(ports[1], "pipeline_spool_bytes"));
        Assert.Equal(recording.SegmentCount, await ScrapeAsync(ports[0], "pipeline_segments_moved"));
    }

    private static Dictionary<string, string?> Scraped(int port) => new() { ["PROMETHEUS_ENDPOINT"] = $"http://127.0.0.1:{port}" };

    /// <summary>The value of the metric whose name begins so.</summary>
    private static async Task<double> ScrapeAsync(int port, string name)
    {
        using HttpClient prometheus = new();
        string text = await prometheus.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
        string line = Assert.Single(text.Split('\n'), line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Pairs of the bot's span and the function's that says that it is its child, over the queue.</summary>
    private static List<(OtlpSpan Upload, OtlpSpan Move)> Traces(OtlpCollector collector) =>
    [
        .. from upload in collector.Spans.Where(span => span.Service == Bot && span.Name == "upload segment")
           join move in collector.Spans.Where(span =>
               span.Service == Functions
               && span.Name == "MoveSegment") on (upload.TraceId, upload.SpanId) equals (move.TraceId, move.ParentId)
           select (upload, move),
    ];

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!condition() && !limit.IsCancellationRequested) await Task.Delay(100, TestContext.Current.CancellationToken);
    }
}
