using System.Runtime.InteropServices;

namespace Pipeline.Functions.Local;

/// <summary>Ends this process while native code still computes.</summary>
internal static partial class ProcessEnd
{
    /// <summary>
    /// Without the native libraries' own cleaning up: it takes away what their threads still read, and the process ended with a memory
    /// fault (139) in one of nine runs. Windows ends those threads first. What was to be written has to be written before.
    /// </summary>
    public static void WithoutCleaningUp(int code)
    {
        if (!OperatingSystem.IsWindows()) Leave(code);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Leave(int code);
}
