using System.ComponentModel;
using System.Diagnostics;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>A folder whose files can be read and neither be changed nor deleted, by root neither until it is disposed.</summary>
internal sealed class LockedFolder : IDisposable
{
    private readonly string path;

    public LockedFolder(string path)
    {
        this.path = path;
        Run("chmod", "500");
        Run("chattr", "+i"); // rights alone are nothing to root
        IsLocked = !TakesFiles();
    }

    /// <summary>False where this machine has no means to.</summary>
    public bool IsLocked { get; }

    public void Dispose()
    {
        Run("chattr", "-i");
        Run("chmod", "700");
    }

    private void Run(string program, string change)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, [change, path]) { RedirectStandardError = true })!;
            process.WaitForExit();
        }
        catch (Win32Exception)
        {
            return; // there is none here: the folder says whether it is locked
        }
    }

    private bool TakesFiles()
    {
        string probe = Path.Combine(path, "probe");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
