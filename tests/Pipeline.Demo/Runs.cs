namespace Pipeline.Demo;

/// <summary>Runs of the whole product by name; each returns the process's exit code.</summary>
internal static class Runs
{
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> All { get; } = new Dictionary<string, Func<string[], Task<int>>>
    {
        ["demo"] = Call.DemoRun.RunAsync,
        ["load"] = Load.LoadRun.RunAsync,
        ["crowd"] = Crowd.CrowdRun.RunAsync,
    };
}
