using System.Globalization;
using System.Text.Json;

namespace Pipeline.Bot.Spool;

/// <summary>
/// Names in the spool: <c>{recording}/{userId}/{index}.json</c> beside <c>{index}.open.wav</c> while the segment is open and
/// <c>{index}.wav</c> once it is closed; the index has six digits or more.
/// </summary>
internal static class SpoolFiles
{
    public const string OpenSuffix = ".open.wav";
    public const string ClosedSuffix = ".wav";
    public const string SidecarSuffix = ".json";
    public const string TemporarySuffix = ".tmp";

    public static string UserFolder(string recordingFolder, ulong userId) =>
        Path.Combine(recordingFolder, userId.ToString(CultureInfo.InvariantCulture));

    public static string Name(int index) => index.ToString("D6", CultureInfo.InvariantCulture);

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
