using System.Diagnostics;
using Pipeline.TestKit;

namespace Pipeline.Demo.Call;

/// <summary>What the program <c>flac</c>, which is not ours, makes of a FLAC file.</summary>
internal static class FlacSound
{
    private const string Program = "flac";

    public static bool CanDecode { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, Program)));

    /// <returns>A WAV file.</returns>
    /// <exception cref="InvalidDataException">The program refuses it.</exception>
    public static byte[] ToWav(byte[] flac)
    {
        using TempFolder folder = new();
        string source = folder.Combine("sound.flac"), target = folder.Combine("sound.wav");
        File.WriteAllBytes(source, flac);
        using Process process = Process.Start(new ProcessStartInfo(Program, ["--decode", "--silent", "-o", target, source])
        {
            RedirectStandardError = true,
        })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? File.ReadAllBytes(target)
            : throw new InvalidDataException($"flac refuses a file: {said.Trim()}");
    }
}
