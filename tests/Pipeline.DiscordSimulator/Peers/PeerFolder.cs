using System.ComponentModel;
using System.Diagnostics;

namespace Pipeline.Simulator.Peers;

/// <summary>tests/peers/discordjs with its packages, found from the running program upwards.</summary>
public static class PeerFolder
{
    private static readonly Lazy<Task<string?>> Installed = new(InstallAsync);

    /// <summary>The folder, its packages installed from the lock file when they are missing; null without Node or a registry.</summary>
    public static Task<string?> FindAsync() => Installed.Value;

    private static async Task<string?> InstallAsync()
    {
        if (Locate() is not { } folder)
            return null;
        if (!HasPackages(folder))
            await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder]);
        return HasPackages(folder) && await RunAsync("node", ["--version"]) ? folder : null;
    }

    private static bool HasPackages(string folder) =>
        Directory.Exists(Path.Combine(folder, "node_modules", "@discordjs", "voice"));

    private static string? Locate()
    {
        for (DirectoryInfo? parent = new(AppContext.BaseDirectory); parent is not null; parent = parent.Parent)
        {
            string folder = Path.Combine(parent.FullName, "tests", "peers", "discordjs");
            if (File.Exists(Path.Combine(folder, "peer.mjs")))
                return folder;
        }

        return null;
    }

    private static async Task<bool> RunAsync(string program, string[] arguments)
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            await Task.WhenAll(process!.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // not installed
        }
    }
}
