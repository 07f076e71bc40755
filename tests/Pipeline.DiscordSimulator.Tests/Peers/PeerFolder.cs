using System.Diagnostics;

namespace Pipeline.Simulator.Tests.Peers;

/// <summary>tests/peers/discordjs with its packages: installed from the lock file when they are missing.</summary>
internal static class PeerFolder
{
    private static readonly Lazy<Task<string?>> Installed = new(InstallAsync);

    /// <summary>The folder; skips the test where there is no Node or no package registry.</summary>
    public static async Task<string> FindAsync()
    {
        string? folder = await Installed.Value;
        Assert.SkipWhen(folder is null, "discord.js peers need node and npm ci in tests/peers/discordjs");
        return folder!;
    }

    private static async Task<string?> InstallAsync()
    {
        string folder = Locate();
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@discordjs", "voice")))
            await RunAsync("npm", "ci --no-audit --no-fund --prefix " + folder);
        bool installed = Directory.Exists(Path.Combine(folder, "node_modules", "@discordjs", "voice"));
        return installed && await RunAsync("node", "--version") ? folder : null;
    }

    private static string Locate()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, "tests", "peers", "discordjs")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? string.Empty, "tests", "peers", "discordjs");
    }

    private static async Task<bool> RunAsync(string program, string arguments)
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            await process!.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // not installed
        }
    }
}
