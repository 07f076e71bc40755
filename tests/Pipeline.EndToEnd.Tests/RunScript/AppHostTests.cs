using System.Text.Json.Nodes;
using Pipeline.EndToEnd.Tests.Deploy;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>The development loop: it starts, and the dashboard has the trace of a segment from bot to functions.</summary>
[Collection(DeployCollection.Name)]
public sealed class AppHostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Segment_has_one_trace_from_its_close_to_its_ledger_row()
    {
        string project = RepositoryRoot.Combine("infra", "Pipeline.AppHost");
        await using (ChildProcess build = ChildProcess.Start("dotnet", ["build", project, "-v", "quiet", "--nologo"]))
            Assert.True(await build.WaitForExitAsync(Patience) == 0, string.Join('\n', build.Lines));
        int[] ports = FreePort.Take(2);
        Dictionary<string, string?> environment = new()
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{ports[0]}",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://127.0.0.1:{ports[1]}",
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
            ["DISCORD_TOKEN"] = null,
        };
        await using ChildProcess host = ChildProcess.Start(Path.Combine(project, "bin", "Debug", "net10.0", "Pipeline.AppHost"), [],
            environment);
        await host.WaitForLineAsync(line => line.Contains("Distributed application started", StringComparison.Ordinal), Patience);
        using HttpClient dashboard = new() { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}") };
        using CancellationTokenSource limit = new(Patience);
        while (!await HasTraceAsync(dashboard, limit.Token)) await Task.Delay(TimeSpan.FromSeconds(1), limit.Token);
        await host.SignalAsync(2);
        await host.WaitForExitAsync(Patience);
    }

    private static async Task<bool> HasTraceAsync(HttpClient dashboard, CancellationToken cancellation)
    {
        string text = await dashboard.GetStringAsync(new Uri("/api/telemetry/spans?limit=10000", UriKind.Relative), cancellation);
        ILookup<string, string> names = JsonNode.Parse(text)!["data"]!["resourceSpans"]!.AsArray()
            .SelectMany(resource => resource!["scopeSpans"]!.AsArray()).SelectMany(scope => scope!["spans"]!.AsArray())
            .ToLookup(span => (string)span!["traceId"]!, span => (string)span!["name"]!);
        return names.Any(trace => trace.Contains("upload segment") && trace.Contains("MoveSegment"));
    }
}
