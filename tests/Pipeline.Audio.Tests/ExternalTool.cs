using System.Diagnostics;

namespace Pipeline.Audio.Tests;

/// <summary>Programs of others that may be installed; a test that needs one is skipped with a note where it is not.</summary>
internal static class ExternalTool
{
    /// <summary>Runs a tool and returns what it printed; fails the test on any other exit code than 0.</summary>
    public static string Run(string name, params string[] arguments)
    {
        ProcessStartInfo start = new(name, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0,
            $"{name} {string.Join(' ', arguments)} exited with {process.ExitCode}: {errors.Result} {output}");
        return output + errors.Result;
    }

    public static void SkipUnlessInstalled(string name)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(folders.Any(folder => File.Exists(Path.Combine(folder, name))), $"{name} is not installed");
    }
}
