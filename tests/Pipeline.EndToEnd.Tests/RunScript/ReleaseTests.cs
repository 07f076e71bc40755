using System.Security.Cryptography;
using Pipeline.DiscordSimulator;
using Pipeline.EndToEnd.Tests.Deploy;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>infra/release.sh: what is in an archive, and that it runs from an empty folder on a machine without .NET.</summary>
[Collection(DeployCollection.Name)]
public sealed class ReleaseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Unknown_system_is_named()
    {
        await using ChildProcess release = ChildProcess.Start("bash", [RepositoryRoot.Combine("infra", "release.sh"), "amiga"]);
        Assert.Equal(2, await release.WaitForExitAsync(TimeSpan.FromMinutes(1)));
        Assert.Contains("unknown argument 'amiga'; known: linux-x64 linux-arm64 osx-arm64 win-x64", string.Join('\n', release.Lines),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Archive_for_linux_starts_from_an_empty_folder()
    {
        using TempFolder folder = new();
        string archive = await MakeAsync(folder, "linux-x64");
        await RunAsync("tar", "-C", folder.Path, "-xzf", archive);
        string root = folder.Combine(Path.GetFileName(archive).Replace(".tar.gz", "", StringComparison.Ordinal));
        DemandWhisper(root, "linux-x64");
        int port = FreePort.Take(1)[0];
        await using Simulator discord = await Simulator.StartAsync();
        // No dotnet on the path, and none of this repository's builds.
        Dictionary<string, string?> environment = new()
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["DOTNET_ROOT"] = folder.Combine("no-dotnet"),
            ["DISCORD_TOKEN"] = discord.Bot.Token,
            ["DISCORD_API_BASE"] = discord.ApiBaseUrl,
            ["DISCORD_CA_FILE"] = discord.CertificateAuthorityFile,
            ["RECORDING_MIN_FREE_DISK_MB"] = "0"
        };
        await using ChildProcess run = ChildProcess.Start("bash", [Path.Combine(root, "infra", "run.sh"), "--data", folder.Combine("data"),
            "--port", $"{port}"], environment, folder.Path);
        await run.WaitForLineAsync(line => line.Contains($"pages:  http://127.0.0.1:{port}", StringComparison.Ordinal), Patience);
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), Patience);
        await run.SignalAsync(2);
        Assert.Equal(0, await run.WaitForExitAsync(TimeSpan.FromMinutes(2)));
    }

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("linux-arm64", "bot/Pipeline.Bot", "7F-45-4C-46", 0xB7)]
    [InlineData("osx-arm64", "bot/Pipeline.Bot", "CF-FA-ED-FE", null)]
    [InlineData("win-x64", "bot/Pipeline.Bot.exe", "4D-5A-90-00", null)]
    public async Task Archive_for_another_system_holds_its_programs(string system, string program, string magic, int? machine)
    {
        using TempFolder folder = new();
        string archive = await MakeAsync(folder, system);
        await RunAsync("tar", "-C", folder.Path, "-xzf", archive);
        string root = folder.Combine(Path.GetFileName(archive).Replace(".tar.gz", "", StringComparison.Ordinal));
        foreach (string file in new[] { program, program.Replace("bot/Pipeline.Bot", "functions/Pipeline.Functions.Local",
            StringComparison.Ordinal) })
        {
            byte[] head = (await File.ReadAllBytesAsync(Path.Combine(root, file), TestContext.Current.CancellationToken))[..64];
            Assert.Equal(magic, BitConverter.ToString(head[..4]));
            if (machine is { } kind) Assert.Equal(kind, head[18]); // ELF e_machine: 0xB7 is AArch64
        }
        Assert.DoesNotContain(Directory.EnumerateFiles(root, "libopus*", SearchOption.AllDirectories), _ => true);
        foreach (string file in new[] { "durable.cjs", "indices.cjs" })
            Assert.True(File.Exists(Path.Combine(root, "infra", "azurite", file)), file);
        DemandWhisper(root, system);
    }

    // What runs a model of speech is there for this system and for no other.
    private static void DemandWhisper(string root, string system)
    {
        string folder = Assert.Single(Directory.GetDirectories(Path.Combine(root, "functions", "runtimes")));
        Assert.Equal(system.Replace("osx-", "macos-", StringComparison.Ordinal), Path.GetFileName(folder));
        Assert.Single(Directory.GetFiles(folder), file => Path.GetFileName(file) is "libwhisper.so" or "libwhisper.dylib" or "whisper.dll");
    }

    private static async Task<string> MakeAsync(TempFolder folder, string system)
    {
        string output = folder.Combine("release");
        await RunAsync("bash", RepositoryRoot.Combine("infra", "release.sh"), system, "--output", output);
        string archive = Assert.Single(Directory.EnumerateFiles(output, "*.tar.gz"));
        string sum = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(archive)));
        Assert.Equal($"{sum}  {Path.GetFileName(archive)}\n", await File.ReadAllTextAsync(Path.Combine(output, "SHA256SUMS")));
        return archive;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        await using ChildProcess process = ChildProcess.Start(program, arguments);
        Assert.True(await process.WaitForExitAsync(Patience) == 0, string.Join('\n', process.Lines));
    }
}
