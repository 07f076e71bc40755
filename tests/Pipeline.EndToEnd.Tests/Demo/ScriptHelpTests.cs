using System.CommandLine;
using Pipeline.Demo.Call;
using Pipeline.Demo.Crowd;
using Pipeline.Demo.Load;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>
/// The scripts in infra on a machine that has a shell and nothing else: what they say before they install or build anything.
/// </summary>
public sealed class ScriptHelpTests : IDisposable
{
    private static readonly string[] Tools = ["bash", "dirname", "sed", "uname", "mktemp", "id", "rm"];

    private readonly TempFolder bare = new();

    public ScriptHelpTests()
    {
        foreach (string tool in Tools)
        {
            string program = new[] { "/usr/bin", "/bin" }.Select(folder => Path.Combine(folder, tool)).First(File.Exists);
            File.CreateSymbolicLink(bare.Combine(tool), program);
        }
    }

    public static TheoryData<string> Scripts =>
        [.. Directory.GetFiles(RepositoryRoot.Combine("infra"), "*.sh").Select(file => Path.GetFileName(file)!).Order()];

    public void Dispose() => bare.Dispose();

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Help_is_the_head_of_the_script(string script)
    {
        foreach (string[] arguments in new[] { ["--help"], new[] { "-h" } })
        {
            (int exitCode, string said) = await RunAsync(script, arguments);
            Assert.True(exitCode == 0, $"{exitCode}: {said}");
            Assert.Contains($"infra/{script}", said + (script == "setup.sh" ? "infra/setup.sh" : ""), StringComparison.Ordinal);
            Assert.Contains("Ends with 0", said, StringComparison.Ordinal);
            Assert.DoesNotContain("set -", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Help_of_the_demo_and_the_load_run_names_every_option()
    {
        string demo = (await RunAsync("demo.sh", "--help")).Said, load = (await RunAsync("load.sh", "--help")).Said;
        Assert.All(DemoOptions.Command(_ => Task.FromResult(0)).Options,
            option => Assert.Contains(option.Name, demo, StringComparison.Ordinal));
        Assert.All([.. LoadOptions.Command(_ => Task.FromResult(0)).Options, .. CrowdOptions.Command(_ => Task.FromResult(0)).Options],
            option => Assert.Contains(option.Name, load, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("demo.sh")]
    [InlineData("load.sh")]
    [InlineData("mutate.sh")]
    public async Task Missing_sdk_is_named_before_anything_is_installed(string script)
    {
        (int exitCode, string said) = await RunAsync(script);
        Assert.Equal(5, exitCode);
        Assert.Equal("setup: the .NET SDK is missing: install .NET SDK 10 from https://dot.net and start again", said);
    }

    [Theory]
    [InlineData("demo.sh", "demo: unknown argument '--colour'; known: --plain")]
    [InlineData("load.sh", "load: unknown argument '--colour'; known: --hours")]
    [InlineData("mutate.sh", "mutate: unknown argument '--colour'; known: --seed")]
    [InlineData("setup.sh", "setup: unknown argument '--colour'; parts are chosen by SETUP_PARTS")]
    [InlineData("test.sh", "test: unknown argument '--colour'; known: --long, --soak")]
    public async Task Unknown_argument_is_named_before_anything_is_installed(string script, string said)
    {
        (int exitCode, string told) = await RunAsync(script, "--colour");
        Assert.Equal(2, exitCode);
        Assert.StartsWith(said, told, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Said)> RunAsync(string script, params string[] arguments)
    {
        await using ChildProcess process = ChildProcess.Start(bare.Combine("bash"), [RepositoryRoot.Combine("infra", script), .. arguments],
            new Dictionary<string, string?> { ["PATH"] = bare.Path, ["SETUP_PARTS"] = null });
        int exitCode = await process.WaitForExitAsync(TimeSpan.FromMinutes(1));
        return (exitCode, string.Join('\n', process.Lines));
    }
}
