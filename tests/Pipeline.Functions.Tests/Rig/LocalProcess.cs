using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>The functions without a Functions host, as a process of its own.</summary>
internal static class LocalProcess
{
    public static string BuildFolder => RepositoryRoot.Combine("functions", "Pipeline.Functions.Local", "bin", "Release", "net10.0");

    /// <summary>By itself, with its own triggers.</summary>
    public static ChildProcess StartAlone(string folder, string connection, int port, Dictionary<string, string?>? settings = null) =>
        StartAlone(folder, connection, $"http://127.0.0.1:{port}", settings);

    public static ChildProcess StartAlone(string folder, string connection, string url, Dictionary<string, string?>? settings = null,
        params string[] arguments)
    {
        Dictionary<string, string?> environment = new() { ["PipelineStorage"] = connection, ["Functions__Key"] = App.Key };
        foreach ((string name, string? value) in settings ?? []) environment[name] = value;
        return ChildProcess.Start("dotnet", [Path.Combine(folder, "Pipeline.Functions.Local.dll"), "--urls", url, .. arguments],
            environment, folder);
    }
}
