using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Render;

/// <summary>The small files beside the tracks: what was recorded, notes for Audacity, projects for Audacity and Reaper.</summary>
internal static class RecordingTexts
{
    public const string Info = "info.json";
    public const string Labels = "labels.txt";
    public const string Lof = "project.lof";
    public const string Reaper = "project.rpp";

    public static IReadOnlyList<string> Names { get; } = [Info, Labels];

    /// <summary>All of them by name, in UTF-8.</summary>
    public static IEnumerable<(string Name, byte[] Text)> All(RenderPlan plan, RenderedWindows rows, Dictionary<string, RenderJob> jobs,
        RenderOptions options, double? loudness)
    {
        yield return (Info, InfoOf(plan, rows, jobs, options, loudness));
        yield return (Labels, Encoding.UTF8.GetBytes(LabelsOf(plan)));
    }

    // Audacity: start, end in seconds and the text, divided by tabs.
    public static string LabelsOf(RenderPlan plan)
    {
        StringBuilder text = new();
        foreach (RecordingNote note in plan.Details.Notes)
        {
            string seconds = (note.Sample / 48_000.0).ToString("F6", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{seconds}\t{seconds}\t{FileNames.Line(note.Text)}\n");
        }
        return text.ToString();
    }

    /// <summary>Audacity's list of files, all from one zero.</summary>
    public static string LofOf(RenderPlan plan, string format)
    {
        StringBuilder text = new();
        foreach (RenderTrack track in plan.Tracks)
            text.Append(CultureInfo.InvariantCulture, $"file \"{FileNames.Track(track)}.{format}\" offset 0\n");
        return text.ToString();
    }

    /// <summary>A Reaper project with a track per speaker and a marker per note.</summary>
    public static string ReaperOf(RenderPlan plan, string format)
    {
        StringBuilder text = new("<REAPER_PROJECT 0.1 \"6.0\" 0\n  SAMPLERATE 48000 1 0\n");
        foreach ((int number, RecordingNote note) in plan.Details.Notes.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"  MARKER {number + 1} {note.Sample / 48_000.0:F6} {Quoted(note.Text)} 0\n");
        }
        string length = (plan.TotalSamples / 48_000.0).ToString("F9", CultureInfo.InvariantCulture);
        string source = format switch { RenderFormat.Wav => "WAVE", RenderFormat.Flac => "FLAC", RenderFormat.Mp3 => "MP3", _ => "OPUS" };
        foreach (RenderTrack track in plan.Tracks)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"  <TRACK\n    NAME {Quoted(track.Username)}\n    <ITEM\n      POSITION 0\n      LENGTH {length}\n      NAME "
                + $"{Quoted(track.Username)}\n");
            text.Append(CultureInfo.InvariantCulture,
                $"      <SOURCE {source}\n        FILE {Quoted($"{FileNames.Track(track)}.{format}")}\n      >\n    >\n  >\n");
        }
        return text.Append(">\n").ToString();
    }

    // Reaper has three kinds of quotes and no escape.
    private static string Quoted(string text)
    {
        string line = FileNames.Line(text);
        if (!line.Contains('"', StringComparison.Ordinal)) return $"\"{line}\"";
        return line.Contains('\'', StringComparison.Ordinal) ? $"`{line.Replace('`', '\'')}`" : $"'{line}'";
    }

    private static byte[] InfoOf(RenderPlan plan, RenderedWindows rows, Dictionary<string, RenderJob> jobs, RenderOptions options,
        double? loudness)
    {
        RecordingDetails details = plan.Details;
        RecordingInfo info = new()
        {
            RecordingId = details.Id,
            Title = details.Title,
            GuildName = details.GuildName,
            ChannelId = details.ChannelId,
            ChannelName = details.ChannelName,
            StartedAt = details.RecordedAt,
            EndedAt = details.SessionEndTime is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
            TotalSamples = plan.TotalSamples,
            EndReason = details.EndReason,
            EncoderVersion = RenderWindows.EncoderVersion,
            MixLoudness = loudness is { } lufs ? Math.Round(lufs, 2) : null,
            Tracks = [.. plan.Tracks.Select(track => new TrackInfo
            {
                UserId = track.UserId.ToString(CultureInfo.InvariantCulture),
                Username = track.Username,
                TrackNumber = track.Number,
                Channels = track.Channels,
                SpokenSamples = track.Segments.Sum(segment => segment.Count),
                UnreadableSegments = [.. rows.Of(track).Values.SelectMany(row => row.Unreadable).Distinct().Order()],
                Health = details.Health.GetValueOrDefault(track.UserId.ToString(CultureInfo.InvariantCulture)),
            })],
            Gaps = details.Gaps,
            Notes = details.Notes,
            Consent = details.Consent,
            MissingSegmentCount = details.MissingSegmentCount,
            MissingSegments = details.MissingSegments,
            UnverifiedUserIds = details.UnverifiedUserIds,
            // Of those that come and go by request it would say what was there at that moment, and change what a bundle holds.
            Files = [.. FileCatalogue.All(plan, options)
                .Where(file => file is { IsSound: true, IsAutomatic: true } && jobs.GetValueOrDefault(file.Key)?.IsReady == true)
                .Select(file => new FileInfo { Name = file.Name, Bytes = jobs[file.Key].Length,
                PartSha256 = [.. jobs[file.Key].Parts.Select(part => part.Sha256)] })],
        };
        return JsonSerializer.SerializeToUtf8Bytes(info, InfoJsonContext.Default.RecordingInfo);
    }
}

/// <summary>The file <c>info.json</c>. Positions in samples at 48 kHz since the start.</summary>
internal sealed record RecordingInfo
{
    public required string RecordingId { get; init; }
    public string? Title { get; init; }
    public string? GuildName { get; init; }
    public string? ChannelId { get; init; }
    public string? ChannelName { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public required long TotalSamples { get; init; }
    public string? EndReason { get; init; }
    public required string EncoderVersion { get; init; }

    /// <summary>LUFS, ITU-R BS.1770-4.</summary>
    public double? MixLoudness { get; init; }

    public required IReadOnlyList<TrackInfo> Tracks { get; init; }
    public required IReadOnlyList<RecordingGap> Gaps { get; init; }
    public required IReadOnlyList<RecordingNote> Notes { get; init; }

    /// <summary>Who said what about being recorded, when, to which words, by which button.</summary>
    public ConsentLedger? Consent { get; init; }

    /// <summary>Segments that never came; the list below names at most the first of them.</summary>
    public required int MissingSegmentCount { get; init; }

    public required IReadOnlyList<MissingSegment> MissingSegments { get; init; }

    /// <summary>People whose segments do not add up to what the bot announced.</summary>
    public required IReadOnlyList<string> UnverifiedUserIds { get; init; }
    public required IReadOnlyList<FileInfo> Files { get; init; }
}

/// <summary>One track in <c>info.json</c>.</summary>
internal sealed record TrackInfo
{
    public required string UserId { get; init; }
    public required string Username { get; init; }
    public required int TrackNumber { get; init; }
    public required int Channels { get; init; }
    public required long SpokenSamples { get; init; }

    /// <summary>Segments that are not there or are damaged: their time is silence.</summary>
    public required IReadOnlyList<int> UnreadableSegments { get; init; }

    public IReadOnlyDictionary<string, long>? Health { get; init; }
}

/// <summary>One file in <c>info.json</c>; its parts one behind the other are its bytes.</summary>
internal sealed record FileInfo
{
    public required string Name { get; init; }
    public required long Bytes { get; init; }
    public required IReadOnlyList<string> PartSha256 { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(RecordingInfo))]
internal sealed partial class InfoJsonContext : JsonSerializerContext;
