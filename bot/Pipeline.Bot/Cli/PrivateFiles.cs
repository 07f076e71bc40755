using System.Runtime.InteropServices;

namespace Pipeline.Bot.Cli;

/// <summary>What the bot writes is for its own user: it is what people said.</summary>
internal static partial class PrivateFiles
{
    // Takes everything from the group and from others: folders become 0700, files 0600.
    private const uint ForOthers = 0b000_111_111;

    /// <summary>From now on in this process. Windows gives a folder the rights of the one above it.</summary>
    public static void Use()
    {
        if (!OperatingSystem.IsWindows()) _ = SetMask(ForOthers);
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);
}
