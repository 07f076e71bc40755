using System.Diagnostics;
using System.Text;

namespace Pipeline.Mutation;

/// <summary>Starts the programs that build and test a copy of the tree.</summary>
internal static class TestProgram
{
    // What a killed program left behind may hold its output open.
    private static readonly TimeSpan timeForOutput = TimeSpan.FromSeconds(10);

    /// <summary>Builds a project; a mutation may break a rule of style, which is no reason not to try it.</summary>
    public static Task<(int? Code, string Output)> BuildAsync(string root, string project) => RunAsync(root, "dotnet",
        ["build", project, "-c", "Release", "-v", "quiet", "--nologo", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false",
            "-p:WarningLevel=0", "-p:NuGetAudit=false"], [], TimeSpan.FromMinutes(30));

    /// <summary>Runs a built test project, or some classes of it.</summary>
    /// <param name="isLong">With what runs only behind <c>infra/test.sh --long</c> too.</param>
    /// <param name="filter">More arguments.</param>
    /// <param name="heard">Is given each line of its output as it comes.</param>
    public static Task<(int? Code, string Output)> TestAsync(string root, string project, bool isLong, string[] filter,
        (string Name, string Value)[] environment, TimeSpan within, Action<string>? heard = null) =>
        RunAsync(root, Path.Combine(root, "tests", project, "bin/Release/net10.0", project),
            [
                "--filter-not-trait", "Category=Soak", .. isLong ? Array.Empty<string>() : ["--filter-not-trait", "Category=Long"],
                // Two processors wait for other processes most of the time.
                "--max-threads", "4", "--ignore-exit-code", "8", "--no-progress", "--no-ansi", "--output", "Detailed", .. filter,
            ],
            environment, within, heard);

    /// <summary>Exit code and output; no code where it was ended at the limit.</summary>
    private static async Task<(int? Code, string Output)> RunAsync(string root, string program, string[] arguments,
        (string Name, string Value)[] environment, TimeSpan within, Action<string>? heard = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
        Task<string[]> output = Task.WhenAll(ReadAsync(process.StandardOutput, heard), process.StandardError.ReadToEndAsync());
        using CancellationTokenSource stop = new(within);
        int? code = null;
        try
        {
            await process.WaitForExitAsync(stop.Token);
            code = process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
        await Task.WhenAny(output, Task.Delay(timeForOutput, CancellationToken.None));
        return (code, output.IsCompletedSuccessfully ? string.Concat(await output) : "");
    }

    private static async Task<string> ReadAsync(StreamReader reader, Action<string>? heard)
    {
        StringBuilder all = new();
        while (await reader.ReadLineAsync() is { } line)
        {
            heard?.Invoke(line);
            all.Append(line).Append('\n');
        }
        return all.ToString();
    }
}
