using System.Diagnostics;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Deploy;

/// <summary>
/// A machine on which az, azd and dotnet are the programs of the folder <c>stand-ins</c>, which note every call and keep a small world of
/// resources and values, for the scripts that deploy and destroy. PATH holds them and the few tools that the scripts use, and nothing else.
/// </summary>
internal sealed class CloudStandIns : IDisposable
{
    private const string Libopus = "/usr/lib/x86_64-linux-gnu/libopus.so.0";

    private static readonly string[] StandIns = ["az", "azd", "dotnet"];
    private static readonly string[] Tools = ["awk", "bash", "cat", "cp", "chmod", "date", "dirname", "env", "find", "git", "grep",
        "mkdir", "mktemp", "mv", "rm", "sed", "sort", "tar", "touch", "tr"];

    private readonly TempFolder folder = new();

    /// <param name="without">Stand-ins and tools that this machine lacks.</param>
    public CloudStandIns(params string[] without)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the scripts' publishing half is for Linux");
        Assert.SkipUnless(File.Exists(Libopus), $"{Libopus} is missing, without which deploy.sh publishes no image: run infra/setup.sh");
        Directory.CreateDirectory(folder.Combine("bin"));
        foreach (string name in StandIns.Except(without))
            File.CreateSymbolicLink(folder.Combine("bin", name),
            RepositoryRoot.Combine("tests", "Pipeline.Deployment.Tests", "Deploy", "stand-ins", name));
        foreach (string name in Tools.Except(without)) File.CreateSymbolicLink(folder.Combine("bin", name), Find(name));
    }

    /// <summary>
    /// All calls since the last <see cref="Forget"/>, each with its arguments, in order. A call that went "(token)" had DISCORD_TOKEN in
    /// its environment.
    /// </summary>
    public string[] Calls => File.Exists(folder.Combine("calls")) ? File.ReadAllLines(folder.Combine("calls")) : [];

    /// <summary>Calls that change something in Azure, or here something else than a copy of what Azure says.</summary>
    public string[] Changes => [.. Calls.Where(call => !Questions.Any(question => call.StartsWith(question, StringComparison.Ordinal)))];

    /// <summary>Lines of kind, group, name.</summary>
    public string[] Resources => File.Exists(folder.Combine("resources")) ? File.ReadAllLines(folder.Combine("resources")) : [];

    private static string[] Questions { get; } =
        ["az account show", "az group exists", "az group list", "az group show",
            "az keyvault list-deleted", "az container list", "az containerapp list", "az containerapp job list",
            "az functionapp list", "az deployment sub what-if", "azd env get-value", "azd env select", "azd env refresh"];

    /// <summary>The package that was sent to each functions app, by the app's name.</summary>
    public IReadOnlyDictionary<string, string> Packages =>
        Directory.Exists(folder.Combine("packages"))
            ? Directory.GetFiles(folder.Combine("packages")).ToDictionary(file => Path.GetFileNameWithoutExtension(file))
            : new Dictionary<string, string>();

    /// <summary>The image of the bot that each provisioning was given, "none" where there was none.</summary>
    public string[] Images => File.ReadAllLines(folder.Combine("images"));

    /// <summary>What was sent to the registry's builder, by path.</summary>
    public string[] Context => [.. File.ReadAllLines(folder.Combine("context")).Select(line => line[2..])];

    /// <summary>What azd would keep on another machine: nothing.</summary>
    public void BecomeAnother()
    {
        Directory.Delete(folder.Combine("environments"), recursive: true);
        File.Delete(folder.Combine("selected"));
    }

    /// <summary>
    /// As if somebody had deployed from another machine: the deployment's outputs change, what this machine keeps does not.
    /// </summary>
    public void DeployElsewhere(string environment, string name, string value)
    {
        string file = folder.Combine($"outputs-{environment}");
        File.WriteAllLines(file,
            File.ReadAllLines(file).Select(line => line.StartsWith($"{name}=", StringComparison.Ordinal) ? $"{name}={value}" : line));
    }

    /// <summary>As if no deployment had gone through yet.</summary>
    public void LoseDeployment(string environment) => File.Delete(folder.Combine($"outputs-{environment}"));

    /// <summary>A functions app without a package refuses its key from now on, and so the provisioning that wants it.</summary>
    public void LetKeysNeedPackages() => File.WriteAllText(folder.Combine("keys-need-packages"), "");

    /// <summary>From now on a provisioning breaks off after it has made resources, or no longer does.</summary>
    public void BreakOff(bool fails)
    {
        if (fails) File.WriteAllText(folder.Combine("provision-fails"), "");
        else File.Delete(folder.Combine("provision-fails"));
    }

    /// <summary>The seven days are over in which a deleted vault keeps its name.</summary>
    public void ForgetVaults() => File.Delete(folder.Combine("deleted-vaults"));

    public void Forget() => File.Delete(folder.Combine("calls"));

    public void LogOut() => File.WriteAllText(folder.Combine("logged-out"), "");

    public void Add(string resource) => File.AppendAllLines(folder.Combine("resources"), [resource]);

    /// <summary>The values that azd keeps for an environment.</summary>
    public IReadOnlyDictionary<string, string> Values(string environment) => Pairs(folder.Combine("environments", environment));

    /// <summary>The environment that the templates were compared in, where that was asked for.</summary>
    public IReadOnlyDictionary<string, string> WhatIf() => Pairs(folder.Combine("what-if"));

    public async Task<ScriptRun> RunAsync(string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(folder.Combine("bin", "bash"), [RepositoryRoot.Combine("infra", script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        start.Environment.Clear();
        foreach ((string name,
            string value) in environment.Concat(
            [("PATH", folder.Combine("bin")), ("HOME", folder.Path), ("TMPDIR", folder.Path),
            ("STAND_IN", folder.Path)])) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(limit.Token);
        ScriptRun run = new(process.ExitCode, await output, await errors);
        Assert.True(!Calls.Any(call => call.StartsWith("refused", StringComparison.Ordinal)), $"{string.Join('\n', Calls)}\n{run.Errors}");
        foreach ((_, string token) in environment.Where(variable => variable.Name == "DISCORD_TOKEN"))
        {
            Assert.DoesNotContain(token, run.Output + run.Errors, StringComparison.Ordinal);
            Assert.All(Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories)
                .Where(file => !file.StartsWith(folder.Combine("bin"), StringComparison.Ordinal)), file =>
                Assert.DoesNotContain(token, File.ReadAllText(file), StringComparison.Ordinal));
        }
        return run;
    }

    public void Dispose() => folder.Dispose();

    private static Dictionary<string, string> Pairs(string file) =>
        File.ReadAllLines(file).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1]);

    private static string Find(string tool)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(place => Path.Combine(place, tool)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{tool} is not installed");
        return path;
    }
}

/// <summary>How a script ended and what it said.</summary>
internal sealed record ScriptRun(int ExitCode, string Output, string Errors);
