using System.Runtime.InteropServices;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>The package as it is deployed, in a folder of its own: published once for all tests of a class, with nothing of the repository's output.</summary>
public sealed class PublishedFolder : IAsyncLifetime
{
    private readonly TempFolder folder = new();

    /// <summary>The package is for linux-x64; elsewhere its tests are left out.</summary>
    public static bool CanRun => OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64;

    public string Path => folder.Combine("app");

    /// <summary>The same as one file, as it is sent to a functions app that azd does not know.</summary>
    public string Zip => folder.Combine("app.zip");

    public async ValueTask InitializeAsync()
    {
        if (!CanRun) return;
        string project = RepositoryRoot.Combine("functions", "Pipeline.Functions");
        await using ChildProcess publish = ChildProcess.Start(
            "dotnet", ["publish", project, "-c", "Release", "-r", "linux-x64", "--self-contained", "--artifacts-path", folder.Combine("build"), "-o", Path, $"-p:PackageZip={Zip}", "-p:RunAnalyzers=false", "-v", "q", "--nologo"]);
        Assert.True(await publish.WaitForExitAsync(TimeSpan.FromMinutes(10)) == 0, string.Join('\n', publish.Lines));
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
