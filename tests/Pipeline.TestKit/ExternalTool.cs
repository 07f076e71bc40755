using System.Diagnostics;
using Xunit.v3;

namespace Pipeline.TestKit;

/// <summary>Programs of others that may be installed; a test that needs one is skipped with a note where it is not.</summary>
public static class ExternalTool
{
    /// <summary>Runs a tool and returns what it printed; fails the test on any other exit code than 0.</summary>
    public static string Run(string name, params string[] arguments) => RunIn("", name, arguments);

    /// <summary>The same in a folder; an empty one is that of the tests.</summary>
    public static string RunIn(string folder, string name, params string[] arguments)
    {
        ProcessStartInfo start = new(name, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output + errors.Result : throw new InvalidOperationException(
            $"{name} {string.Join(' ', arguments)} exited with {process.ExitCode}: {errors.Result} {output}");
    }

    public static void SkipUnlessInstalled(params string[] names)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (Array.Find(names, name => !folders.Any(folder => File.Exists(Path.Combine(folder, name)))) is { } missing)
            throw new InvalidOperationException($"{DynamicSkipToken.Value}{missing} is not installed");
    }
}
