using Pipeline.Audio.Mp3;

namespace Pipeline.RecordingApi.Render;

/// <summary>Kinds of downloads.</summary>
internal enum FileKind
{
    Track,
    Mix,
    Bundle,
    Transcript,
    Text,
}

/// <summary>One download that a recording has or can have.</summary>
/// <param name="Key">Name of its blob and row: ASCII, unique in the recording.</param>
/// <param name="Name">What people see: <c>01-Ada.flac</c>.</param>
/// <param name="IsAutomatic">Made without being asked for.</param>
/// <param name="Cut">The part of the recording that it holds; null: all of it.</param>
internal sealed record FileEntry(string Key, string Name, FileKind Kind, string Format, RenderTrack? Track, bool IsAutomatic,
    Stretch? Cut = null)
{
    /// <summary>It holds sound.</summary>
    public bool IsSound => Kind is FileKind.Track or FileKind.Mix;

    /// <summary>There is something of it while the recording runs.</summary>
    public bool Grows => IsSound && IsAutomatic && Cut is null;

    /// <summary>It is made again when somebody wants it again, and goes after a day.</summary>
    public bool Passes => Cut is not null || Format == RenderFormat.Wav;
}

/// <summary>All downloads of a recording, from its tracks and the chosen formats.</summary>
internal static class FileCatalogue
{
    /// <summary>While a recording runs, its growing files only.</summary>
    /// <param name="jobs">What is made of the recording; transcripts are listed when they are there.</param>
    public static IReadOnlyList<FileEntry> List(RenderPlan plan, RenderOptions options, IReadOnlyDictionary<string, RenderJob> jobs) =>
        [.. All(plan, options).Where(file => plan.IsFinal || file.Grows),
            .. TextFiles.Transcripts.Where(name => jobs.GetValueOrDefault(name)?.IsReady == true).Select(TextFiles.Entry)];

    /// <summary>What is made of the sound of a recording.</summary>
    public static IReadOnlyList<FileEntry> All(RenderPlan plan, RenderOptions options)
    {
        List<FileEntry> files = [];
        if (plan.TotalSamples == 0 || !options.IsOn) return files;
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
        foreach (string text in RecordingTexts.Names) files.Add(TextFiles.Entry(text));
        return files;
    }

    /// <summary>
    /// It is made, and of the recording as it is now. What is made without being asked for replaces itself, and is given until then.
    /// </summary>
    public static bool IsReady(RenderPlan plan, RenderOptions options, FileEntry file, IReadOnlyDictionary<string, RenderJob> jobs,
        DateTimeOffset now)
    {
        // What was made while the recording ran is not the whole of it.
        if (jobs.GetValueOrDefault(file.Key) is not { IsReady: true } job || (plan.IsFinal && job.IsGrowing)) return false;
        if (file.Kind == FileKind.Bundle) return BundleFile.IsCurrent(plan, options, file, jobs, now);
        return !file.IsSound || file.IsAutomatic || job.MadeFor == plan.VersionOf(file);
    }

    /// <summary>By key or by name, also the key of a stretch; null where there is no such file.</summary>
    public static FileEntry? Find(RenderPlan plan, RenderOptions options, string name)
    {
        if (TextFiles.Transcripts.Contains(name)) return TextFiles.Entry(name);
        if (Stretch.TryReadKey(name, out Stretch stretch, out string whole))
        {
            return Find(plan, options, whole) is { Cut: null, Kind: not (FileKind.Text or FileKind.Transcript) } file
                && stretch.To <= plan.TotalSamples ? stretch.Of(file) : null;
        }
        return All(plan, options).FirstOrDefault(file => file.Key == name || file.Name == name);
    }
}
