using Pipeline.Audio.Mp3;

namespace Pipeline.RecordingApi.Render;

/// <summary>Kinds of downloads.</summary>
internal enum FileKind
{
    Track,
    Mix,
    Bundle,
    Text,
}

/// <summary>One download that a recording has or can have.</summary>
/// <param name="Key">Name of its blob and row: ASCII, unique in the recording.</param>
/// <param name="Name">What people see: <c>01-Ada.flac</c>.</param>
/// <param name="IsAutomatic">Made without being asked for.</param>
internal sealed record FileEntry(string Key, string Name, FileKind Kind, string Format, RenderTrack? Track, bool IsAutomatic);

/// <summary>All downloads of a recording, from its tracks and the chosen formats.</summary>
internal static class FileCatalogue
{
    public static IReadOnlyList<FileEntry> All(RenderPlan plan, RenderOptions options)
    {
        List<FileEntry> files = [];
        if (plan.TotalSamples == 0) return files;
        string[] formats = [.. RenderFormat.All.Where(format =>
            format == RenderFormat.Wav || (options.Formats.Contains(format) && (format != RenderFormat.Mp3 || Mp3Encoder.IsAvailable)))];
        foreach (string format in formats)
        {
            files.Add(new FileEntry($"{RenderTable.Mix}.{format}", $"{FileNames.Mix}.{format}", FileKind.Mix, format, null,
                format != RenderFormat.Wav));
        }
        foreach (RenderTrack track in plan.Tracks)
        {
            foreach (string format in formats)
            {
                bool automatic = format is RenderFormat.Flac or RenderFormat.Opus;
                files.Add(new FileEntry($"{RenderTable.TrackKey(track.UserId)}.{format}", $"{FileNames.Track(track)}.{format}",
                    FileKind.Track, format, track, automatic));
            }
        }
        foreach (string format in formats)
            files.Add(new FileEntry($"all-{format}.zip", $"all-{format}.zip", FileKind.Bundle, format, null, IsAutomatic: false));
        foreach (string text in RecordingTexts.Names)
            files.Add(new FileEntry(text, text, FileKind.Text, Path.GetExtension(text).TrimStart('.'), null, IsAutomatic: true));
        return files;
    }

    /// <summary>By key or by name; null where there is no such file.</summary>
    public static FileEntry? Find(RenderPlan plan, RenderOptions options, string name) =>
        All(plan, options).FirstOrDefault(file => file.Key == name || file.Name == name);
}
