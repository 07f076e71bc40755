using System.Runtime.Versioning;

namespace Pipeline.Bot.Spool;

/// <summary>
/// Takes the rights of others from what lies in the spool already: an earlier version, or the one who made the folder, may have given them.
/// </summary>
internal static class SpoolAccess
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint, // What a link leads to is not ours.
        IgnoreInaccessible = true,
    };

    /// <summary>Folders become 0700, files 0600. What cannot be changed, such as a volume without such rights, stays as it is.</summary>
    /// <returns>False: the folder itself can still be entered by others.</returns>
    public static bool Tighten(string root) => OperatingSystem.IsWindows() || TightenAll(root);

    [UnsupportedOSPlatform("windows")]
    private static bool TightenAll(string root)
    {
        bool isOurs = TryTighten(new DirectoryInfo(root));
        foreach (FileSystemInfo entry in new DirectoryInfo(root).EnumerateFileSystemInfos("*", Everything)) TryTighten(entry);
        return isOurs;
    }

    [UnsupportedOSPlatform("windows")]
    private static bool TryTighten(FileSystemInfo entry)
    {
        try
        {
            UnixFileMode mode = entry.UnixFileMode;
            if ((mode & Others) == 0) return true;
            entry.UnixFileMode = mode & Owner;
            return (new DirectoryInfo(entry.FullName).UnixFileMode & Others) == 0;
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            return false;
        }
    }
}
