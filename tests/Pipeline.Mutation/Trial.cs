using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Pipeline.Mutation;

/// <summary>How one mutation ended.</summary>
internal enum TrialResult
{
    /// <summary>A test failed.</summary>
    Killed,

    /// <summary>Every test passed.</summary>
    Survived,

    /// <summary>A run did not end within its limit; counted as killed and named, because a hang hides what is wrong.</summary>
    TimedOut,

    /// <summary>The mutated program does not compile; another mutation is drawn.</summary>
    NotCompiled,
}

/// <summary>Tries one mutation: writes it, builds the tests that cover it, runs them until one fails, and puts the file back.</summary>
/// <param name="root">A copy of the tree; its files are changed.</param>
/// <param name="limit">For one run of one test project.</param>
internal sealed partial class Trial(string root, TestMap map, int distance, TimeSpan limit)
{
    // A mutation may break a rule of style; that is no reason not to try it.
    private static readonly string[] BuildArguments =
        ["-c", "Release", "-v", "quiet", "--nologo", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:NuGetAudit=false"];

    /// <summary>
    /// Builds and runs the tests of these files as they are: a test that fails without any mutation would be taken for one that notices.
    /// Null when all pass, else what failed.
    /// </summary>
    public async Task<string?> FindFailureAsync(IEnumerable<string> files)
    {
        foreach (string project in files.SelectMany(file => map.For(file, distance)).Distinct())
        {
            (int? built, string output) = await RunAsync("dotnet", ["build", $"tests/{project}", .. BuildArguments],
                TimeSpan.FromMinutes(30));
            if (built != 0) return $"{project} does not build: {output[^Math.Min(output.Length, 2000)..]}";
            (TrialResult result, string by) = await TestAsync(project, []);
            if (result != TrialResult.Survived) return $"{project}: {by}";
        }
        return null;
    }

    /// <summary>The result, and the test that killed it or the run that hung.</summary>
    public async Task<(TrialResult Result, string By)> RunAsync(Mutation mutation)
    {
        string path = Path.Combine(root, mutation.File);
        byte[] original = await File.ReadAllBytesAsync(path);
        await File.WriteAllTextAsync(path, mutation.ApplyTo(await File.ReadAllTextAsync(path)));
        try
        {
            IReadOnlyList<string> projects = map.For(mutation.File, distance);
            string mirror = Path.GetFileNameWithoutExtension(mutation.File) + "Tests";
            foreach (string project in projects)
            {
                if (!await BuildAsync(project)) return (TrialResult.NotCompiled, project);
                // The class of the same name first: most are killed there within a second.
                foreach (string[] filter in (string[][])[["--filter-class", $"*.{mirror}"], []])
                {
                    (TrialResult result, string by) = await TestAsync(project, filter);
                    if (result != TrialResult.Survived) return (result, by);
                }
            }
            return (TrialResult.Survived, string.Join(", ", projects));
        }
        finally
        {
            await File.WriteAllBytesAsync(path, original);
        }
    }

    private async Task<bool> BuildAsync(string project) =>
        await RunAsync("dotnet", ["build", $"tests/{project}", "--no-restore", .. BuildArguments], TimeSpan.FromMinutes(10)) is (0, _);

    private async Task<(TrialResult Result, string By)> TestAsync(string project, string[] filter)
    {
        string[] arguments =
        [
            "--filter-not-trait", "Category=Soak", "--stop-on-fail", "on", "--ignore-exit-code", "8",
            "--no-progress", "--no-ansi", "--output", "Detailed", .. filter,
        ];
        (int? code, string output) = await RunAsync($"tests/{project}/bin/Release/net10.0/{project}", arguments, limit);
        if (code == 0) return (TrialResult.Survived, "");
        if (code is null)
            return (TrialResult.TimedOut,
                $"{project} after {limit.TotalSeconds:0} s; last passed: "
                + $"{Passed().Matches(output).LastOrDefault()?.Groups[1].Value ?? "none"}");
        return (TrialResult.Killed,
            Failed().Match(output) is { Success: true } failed ? failed.Groups[1].Value : $"{project} ended with {code}");
    }

    /// <summary>Exit code and output; no code where it was ended at the limit.</summary>
    private async Task<(int? Code, string Output)> RunAsync(string program, string[] arguments, TimeSpan within)
    {
        ProcessStartInfo start = new(program.Contains('/', StringComparison.Ordinal) ? Path.Combine(root, program) : program, arguments)
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource stop = new(within);
        try
        {
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return (null, await output + await errors);
        }
        return (process.ExitCode, await output + await errors);
    }

    [GeneratedRegex(@"^failed (\S+)", RegexOptions.Multiline)]
    private static partial Regex Failed();

    [GeneratedRegex(@"^passed (\S+)", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
