using System.Runtime.InteropServices;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Worker;

/// <summary>
/// The package as it is deployed, in a folder of its own: published once for all tests, with nothing of the repository's output.
/// </summary>
public sealed class PublishedWorker : IAsyncLifetime
{
    // Half a minute of two processors, and two minutes with its code compiled ahead: once, however many classes ask.
    private static readonly Lazy<Task<string>> Once = new(PublishAsync);

    private string folder = "";

    /// <summary>The package is for linux-x64; elsewhere its tests are left out.</summary>
    public static bool CanRun => OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64;

    public string Path => System.IO.Path.Combine(folder, "app");

    /// <summary>The same as one file, as it is sent to a functions app that azd does not know.</summary>
    public string Zip => System.IO.Path.Combine(folder, "app.zip");

    public async ValueTask InitializeAsync()
    {
        if (CanRun) folder = await Once.Value;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<string> PublishAsync()
    {
        // PIPELINE_WORKER: a folder that was published before, with app and app.zip in it.
        if (Environment.GetEnvironmentVariable("PIPELINE_WORKER") is { Length: > 0 } published) return published;
        TempFolder made = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => made.Dispose();
        string app = made.Combine("app"), zip = made.Combine("app.zip");
        string project = RepositoryRoot.Combine("functions", "Pipeline.Functions");
        // infra/test.sh --long compiles it ahead, as it is deployed; the files are the same ones.
        string ahead = Environment.GetEnvironmentVariable("PIPELINE_READY_TO_RUN") == "1" ? "true" : "false";
        await using ChildProcess publish = ChildProcess.Start(
            "dotnet", ["publish", project, "-c", "Release", "--artifacts-path", made.Combine("build"), "-o", app, $"-p:PackageZip={zip}",
                "-p:RunAnalyzers=false", $"-p:PublishReadyToRun={ahead}", "-v", "q", "--nologo"]);
        Assert.True(await publish.WaitForExitAsync(TimeSpan.FromMinutes(10)) == 0, string.Join('\n', publish.Lines));
        return made.Path;
    }

    /// <summary>Starts a worker as the host does: what worker.config.json names, in the app's folder, with the stream's address.</summary>
    /// <param name="copy">Another folder with the app in it.</param>
    internal ChildProcess Start(HostStandIn host, IReadOnlyDictionary<string, string?> settings, string? copy = null)
    {
        string app = copy ?? Path;
        Dictionary<string, string?> environment = new(settings)
        {
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["FUNCTIONS_APPLICATION_DIRECTORY"] = app,
            ["ASPNETCORE_URLS"] = null,
        };
        string[] arguments =
        [
            System.IO.Path.Combine(app, "Pipeline.Functions.dll"),
            "--host", host.Address.Host, "--port", $"{host.Address.Port}", "--workerId", "worker-1", "--requestId", "request-1",
                "--grpcMaxMessageLength", "2147483647",
            "--functions-uri", host.Address.AbsoluteUri, "--functions-worker-id", "worker-1", "--functions-request-id", "request-1",
                "--functions-grpc-max-message-length", "2147483647",
        ];
        return ChildProcess.Start("dotnet", arguments, environment, app);
    }
}
