namespace Pipeline.Benchmarks;

/// <summary>Measurements that are no BenchmarkDotNet benchmarks, by name; each returns the process's exit code.</summary>
public static class Runs
{
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> All { get; } = new Dictionary<string, Func<string[], Task<int>>>
    {
        ["capture"] = Capture.CaptureRun.RunAsync,
        ["packages"] = Packages.PackagesRun.RunAsync,
        ["chain"] = DatagramChain.RunAsync,
        ["live"] = DatagramLive.RunAsync,
        ["live-receiver"] = DatagramReceiver.RunAsync,
    };
}
