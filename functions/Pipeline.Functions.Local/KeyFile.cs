using System.Security.Cryptography;
using Pipeline.Contracts;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Functions.Local;

/// <summary>The key of an owner who set none: made once, kept in a file that only this user can read.</summary>
internal static class KeyFile
{
    private const int KeyBytes = 32;
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where it is: <c>Functions__KeyFile</c>, or <c>pipeline/functions.key</c> in the user's data folder.</summary>
    /// <exception cref="InvalidSettingsException">There is no such folder.</exception>
    public static string PathOf(LocalOptions options)
    {
        if (options.KeyFile is { } given) return Path.GetFullPath(given);
        string folder = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify);
        return folder.Length > 0
            ? Path.Combine(folder, "pipeline", "functions.key")
            : throw new InvalidSettingsException(SettingProblem.NotSet(FunctionsSettings.Key,
                $"a key, or {FunctionsSettings.KeyFile.Name}, where a generated one is kept: there is no home folder for it"));
    }

    /// <summary>The key in the file, which nobody else may read from then on; a new one where there is no file.</summary>
    /// <exception cref="InvalidSettingsException">The file cannot be read or made, or is empty.</exception>
    public static string ReadOrMake(LocalOptions options)
    {
        string path = PathOf(options);
        try
        {
            if (!File.Exists(path)) Make(path);
            else Tighten(path);
            string key = File.ReadAllText(path).Trim();
            return key.Length > 0 ? key
                : throw new InvalidSettingsException(SettingProblem.NotAllowed(FunctionsSettings.KeyFile, path,
                    "a file with a key in it: delete it to have one made"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingsException(SettingProblem.NotAllowed(FunctionsSettings.KeyFile, path,
                $"a file that can be read and made, or {FunctionsSettings.Key.Name} instead ({Cause.Of(fault)})"));
        }
    }

    // Put there by hand, or out of a backup, it may be open to others.
    private static void Tighten(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~Own) != 0) File.SetUnixFileMode(path, Own);
    }

    // Written beside it and moved, so that a process that starts at the same moment reads a whole key, and the same one.
    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string fresh = $"{path}.{Environment.ProcessId}";
        FileStreamOptions own = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) own.UnixCreateMode = Own;
        using (StreamWriter writer = new(fresh, own)) writer.WriteLine(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)));
        try
        {
            File.Move(fresh, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(fresh);
        }
    }
}
