using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>The functions app as a process of its own.</summary>
internal static class HandlerProcess
{
    public static string BuildFolder => RepositoryRoot.Combine("functions", "Pipeline.Functions", "bin", "Release", "net10.0");

    /// <summary>As the Functions host starts it: port by variable, nothing else.</summary>
    public static ChildProcess StartAsHandler(string folder, string connection, int port) => ChildProcess.Start(
        Path.Combine(folder, "Pipeline.Functions"), [], new Dictionary<string, string?>
        {
            ["PipelineStorage"] = connection,
            ["FUNCTIONS_CUSTOMHANDLER_PORT"] = $"{port}",
            ["FUNCTIONS_HTTPWORKER_PORT"] = $"{port}",
            ["ASPNETCORE_URLS"] = null,
        }, folder);

    /// <summary>By itself, with its own pumps.</summary>
    public static ChildProcess StartAlone(string folder, string connection, int port, Dictionary<string, string?>? settings = null)
    {
        Dictionary<string, string?> environment = new() { ["PipelineStorage"] = connection, ["FUNCTIONS_CUSTOMHANDLER_PORT"] = null };
        foreach ((string name, string? value) in settings ?? []) environment[name] = value;
        return ChildProcess.Start("dotnet", [Path.Combine(folder, "Pipeline.Functions.dll"), "--urls", $"http://127.0.0.1:{port}"], environment, folder);
    }

    /// <summary>Asks until any HTTP answer comes, as the host does.</summary>
    public static async Task ReadyAsync(HttpClient http, ChildProcess process)
    {
        while (true)
        {
            if (process.HasExited) throw new InvalidOperationException($"the handler has ended:\n{string.Join('\n', process.Lines)}");
            try
            {
                using HttpResponseMessage any = await http.GetAsync(new Uri("/", UriKind.Relative));
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
            }
        }
    }
}
