using System.Text.Json;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>The functions app as a process of its own.</summary>
internal static class HandlerProcess
{
    public static string BuildFolder => RepositoryRoot.Combine("functions", "Pipeline.Functions", "bin", "Release", "net10.0");

    // A host has no .NET of ours, and no home.
    private static readonly Dictionary<string, string?> Bare = new() { ["PATH"] = "/usr/bin:/bin", ["HOME"] = null, ["DOTNET_ROOT"] = null, ["DOTNET_ROOT_X64"] = null, ["DOTNET_HOST_PATH"] = null };

    /// <summary>As the Functions host starts it: what host.json names, in the app's folder, with the port in a variable.</summary>
    public static ChildProcess StartAsHandler(string folder, string connection, int port)
    {
        using JsonDocument host = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "host.json")));
        JsonElement description = host.RootElement.GetProperty("customHandler").GetProperty("description");
        IEnumerable<string> arguments = description.TryGetProperty("arguments", out JsonElement listed) ? listed.EnumerateArray().Select(argument => argument.GetString()!) : [];
        return ChildProcess.Start(Path.Combine(folder, description.GetProperty("defaultExecutablePath").GetString()!), [.. arguments], new Dictionary<string, string?>(Bare)
        {
            ["PipelineStorage"] = connection,
            ["FUNCTIONS_CUSTOMHANDLER_PORT"] = $"{port}",
            ["FUNCTIONS_HTTPWORKER_PORT"] = $"{port}",
            ["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] = "ae7a3a0c-8a3b-4f4e-9a1f-2f2f6f1d9f00",
            ["FUNCTIONS_HTTPWORKER_ID"] = "ae7a3a0c-8a3b-4f4e-9a1f-2f2f6f1d9f00",
            ["FUNCTIONS_APP_ROOT_PATH"] = folder,
            ["ASPNETCORE_URLS"] = null,
        }, folder);
    }

    /// <summary>By itself, with its own pumps; the build's output or the package.</summary>
    public static ChildProcess StartAlone(string folder, string connection, int port, Dictionary<string, string?>? settings = null) =>
        StartAlone(folder, connection, $"http://127.0.0.1:{port}", settings);

    public static ChildProcess StartAlone(string folder, string connection, string url, Dictionary<string, string?>? settings = null)
    {
        string library = Path.Combine(folder, "Pipeline.Functions.dll");
        bool isBuild = File.Exists(library);
        Dictionary<string, string?> environment = new(isBuild ? [] : Bare) { ["PipelineStorage"] = connection, ["FUNCTIONS_CUSTOMHANDLER_PORT"] = null };
        foreach ((string name, string? value) in settings ?? []) environment[name] = value;
        return isBuild
            ? ChildProcess.Start("dotnet", [library, "--urls", url], environment, folder)
            : ChildProcess.Start(Path.Combine(folder, "Pipeline.Functions"), ["--urls", url], environment, folder);
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
