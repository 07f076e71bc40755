using System.Globalization;
using System.Text.Json;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// Names in the spool: <c>{recording}/{userId}/{index}.json</c> beside <c>{index}.open.wav</c> while the segment is open and
/// <c>{index}.wav</c> once it is closed (<c>.opus</c> for the other format); the index has six digits or more.
/// </summary>
internal static class SpoolFiles
{
    private const string Open = ".open";
    public const string SidecarSuffix = ".json";
    public const string TemporarySuffix = ".tmp";

    public static string UserFolder(string recordingFolder, ulong userId) =>
        Path.Combine(recordingFolder, userId.ToString(CultureInfo.InvariantCulture));

    public static string Name(int index) => index.ToString("D6", CultureInfo.InvariantCulture);

    public static string OpenPath(string folder, int index, SegmentFormat format) =>
        Path.Combine(folder, Name(index) + OpenSuffix(format));

    public static string ClosedPath(string folder, int index, SegmentFormat format) => Path.Combine(folder, Name(index) + format.Suffix());

    public static string OpenSuffix(SegmentFormat format) => Open + format.Suffix();

    /// <summary>The name ends as an audio file's does.</summary>
    public static bool IsAudio(string name) =>
        name.EndsWith(SegmentFormat.Wav.Suffix(), StringComparison.Ordinal) || name.EndsWith(SegmentFormat.Opus.Suffix(),
            StringComparison.Ordinal);

    /// <summary>Reads the user id of a folder that <see cref="UserFolder"/> named.</summary>
    public static bool TryParseUserFolder(string path, out ulong userId) =>
        ulong.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out userId);

    /// <summary>Reads the index of a file with the given suffix.</summary>
    public static bool TryParseIndex(string path, string suffix, out int index)
    {
        string name = Path.GetFileName(path);
        index = 0;
        return name.EndsWith(suffix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(0, name.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    /// <summary>Writes a sidecar so that it is whole or absent at any moment.</summary>
    /// <exception cref="IOException">No space, or a broken disk.</exception>
    public static void WriteSidecar(string path, SegmentSidecar sidecar)
    {
        string temporary = path + TemporarySuffix;
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(sidecar, CaptureJsonContext.Default.SegmentSidecar));
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Null when the file is missing or is no sidecar.</summary>
    public static SegmentSidecar? ReadSidecar(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CaptureJsonContext.Default.SegmentSidecar);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
