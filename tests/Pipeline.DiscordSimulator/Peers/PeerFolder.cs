using System.ComponentModel;
using System.Diagnostics;

namespace Pipeline.DiscordSimulator.Peers;

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
            await InstallPackagesAsync(folder);
        return HasPackages(folder) && await RunAsync("node", ["--version"]) ? folder : null;
    }

    // Test assemblies run side by side; one installs, the others wait for it.
    private static async Task InstallPackagesAsync(string folder)
    {
        string path = Path.Combine(Path.GetTempPath(), "pipeline-discordjs-peers.lock");
        for (int attempt = 0; attempt < 600; attempt++)
        {
            try
            {
                await using FileStream turn = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                if (!HasPackages(folder))
                    await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder]);
                return;
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
    }

    private static bool HasPackages(string folder) =>
        File.Exists(Path.Combine(folder, "node_modules", ".package-lock.json")); // npm writes it last

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

/// <summary>There are no discord.js clients here.</summary>
public sealed class PeersMissingException(string message) : InvalidOperationException(message);
