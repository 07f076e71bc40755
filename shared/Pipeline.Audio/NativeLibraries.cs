using System.Reflection;
using System.Runtime.InteropServices;

namespace Pipeline.Audio;

/// <summary>
/// Finds the native libraries of this assembly by the names that systems give them. An assembly has one resolver for all of them.
/// </summary>
internal static class NativeLibraries
{
    public const string Opus = "opus";
    public const string Lame = "mp3lame";

    // The bare names come last: distributions ship them with the development packages only.
    private static readonly string[] OpusFiles = ["libopus.so.0", "libopus.0.dylib", "libopus.dylib", "opus.dll", "libopus-0.dll", "opus"];
    private static readonly string[] LameFiles = ["libmp3lame.so.0", "libmp3lame.0.dylib", "libmp3lame.dylib", "libmp3lame.dll", "mp3lame"];

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    /// <summary>Makes sure that the resolver stands.</summary>
    public static void Prepare()
    {
    }

    public static bool CanLoad(string name) => TryLoad(Names(name), null, out _);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name is not (Opus or Lame)) return 0;
        if (TryLoad(Names(name), searchPath, out nint handle)) return handle;
        throw name == Opus ? new Audio.Opus.OpusLibraryMissingException(OpusFiles)
            : new DllNotFoundException($"libmp3lame was not found (tried {string.Join(", ", LameFiles)})");
    }

    private static string[] Names(string name) => name == Opus ? OpusFiles : LameFiles;

    private static bool TryLoad(string[] files, DllImportSearchPath? searchPath, out nint handle)
    {
        foreach (string file in files)
        {
            if (NativeLibrary.TryLoad(file, typeof(NativeLibraries).Assembly, searchPath, out handle)) return true;
        }
        handle = 0;
        return false;
    }
}
