namespace Pipeline.Benchmarks;

/// <summary>Runs of the whole product by name; each returns the process's exit code.</summary>
public static class Runs
{
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> All { get; } = new Dictionary<string, Func<string[], Task<int>>>
    {
        ["demo"] = Demo.DemoRun.RunAsync,
        ["load"] = Load.LoadRun.RunAsync,
        ["crowd"] = Crowd.CrowdRun.RunAsync,
        ["capture"] = Capture.CaptureRun.RunAsync,
        ["packages"] = Packages.PackagesRun.RunAsync,
        ["chain"] = DatagramChain.RunAsync,
        ["live"] = DatagramLive.RunAsync,
        ["live-receiver"] = DatagramReceiver.RunAsync,
    };
}
