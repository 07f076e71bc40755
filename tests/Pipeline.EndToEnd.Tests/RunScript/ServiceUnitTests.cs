using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>infra/systemd/pipeline.service: systemd takes it, and its command is one that run.sh takes.</summary>
public sealed class ServiceUnitTests
{
    private static readonly string Unit = RepositoryRoot.Combine("infra", "systemd", "pipeline.service");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Systemd_has_no_complaint()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "there is no systemd-analyze here");
        using TempFolder folder = new();
        string copy = folder.Combine("pipeline.service");
        // The program lies elsewhere here, and no network is waited for; users are systemd's to look up.
        string text = (await File.ReadAllTextAsync(Unit, TestContext.Current.CancellationToken))
            .Replace("/opt/pipeline", RepositoryRoot.Path, StringComparison.Ordinal);
        await File.WriteAllTextAsync(copy, text, TestContext.Current.CancellationToken);
        await using ChildProcess analyze = ChildProcess.Start("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", copy]);
        int exitCode = await analyze.WaitForExitAsync(Patience);
        string said = string.Join('\n', analyze.Lines);
        Assert.SkipWhen(said.Contains("Failed to initialize manager", StringComparison.Ordinal), "systemd does not run here");
        Assert.True(exitCode == 0 && !said.Contains("pipeline.service:", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task Command_is_one_that_the_script_takes()
    {
        Dictionary<string, string> unit = File.ReadLines(Unit).Where(line => line.Contains('=') && line[0] != '#')
            .GroupBy(line => line.Split('=')[0]).ToDictionary(lines => lines.Key, lines => lines.First()[(lines.Key.Length + 1)..]);
        using TempFolder folder = new();
        string[] command = unit["ExecStart"].Replace("/opt/pipeline", RepositoryRoot.Path, StringComparison.Ordinal)
            .Replace("/var/lib/pipeline", folder.Combine("state"), StringComparison.Ordinal)
            .Replace("7071", $"{FreePort.Take(1)[0]}", StringComparison.Ordinal).Split(' ');
        Assert.True(File.Exists(command[0]), command[0]);
        // Without the token, which the file of EnvironmentFile brings: the arguments are read before it is missed.
        await using ChildProcess script = ChildProcess.Start(command[0], command[1..],
            new Dictionary<string, string?> { ["DISCORD_TOKEN"] = null });
        Assert.Equal(2, await script.WaitForExitAsync(Patience));
        Assert.Contains("DISCORD_TOKEN is not set", Assert.Single(script.Lines), StringComparison.Ordinal);
        Assert.Equal("2 7", unit["RestartPreventExitStatus"]);
        Assert.Equal("mixed", unit["KillMode"]);
    }
}
