using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>Programs of others that say what our files hold.</summary>
internal sealed partial class Judge : IDisposable
{
    private readonly TempFolder folder = new();

    public static void SkipUnlessInstalled(params string[] names) => ExternalTool.SkipUnlessInstalled(names);

    public void Dispose() => folder.Dispose();

    public string Save(string name, byte[] bytes)
    {
        string file = folder.Combine(name);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    /// <summary>All samples of a file, as ffmpeg decodes it; a FLAC file passes <c>flac -t</c> first.</summary>
    public short[] Decode(byte[] bytes, string format)
    {
        string file = Save($"sound.{format}", bytes), raw = folder.Combine("raw");
        if (format == "flac") Run("flac", "-t", "-s", file);
        Run("ffmpeg", "-v", "error", "-y", "-i", file, "-f", "s16le", raw);
        return MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(raw)).ToArray();
    }

    /// <summary>LUFS and dBTP of a file.</summary>
    public (double Loudness, double TruePeak) Loudness(byte[] bytes, string format)
    {
        string said = Run("ffmpeg", "-hide_banner", "-nostats", "-i", Save($"sound.{format}", bytes), "-af", "ebur128=peak=true", "-f",
            "null", "-");
        string summary = said[said.LastIndexOf("Summary", StringComparison.Ordinal)..];
        return (Number(Integrated().Match(summary)), Number(Peak().Match(summary)));
    }

    public string Run(string name, params string[] arguments) => ExternalTool.RunIn(folder.Path, name, arguments);

    public string Combine(string name) => folder.Combine(name);

    private static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"I:\s+(-?[0-9.]+) LUFS")]
    private static partial Regex Integrated();

    [GeneratedRegex(@"Peak:\s+(-?[0-9.]+) dBFS")]
    private static partial Regex Peak();
}
