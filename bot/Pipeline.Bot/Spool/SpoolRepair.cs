using Pipeline.Audio.Ogg;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// Reads what an earlier process left in a recording's spool folder. Run before a <see cref="Recording"/> opens the folder,
/// never beside it.
/// </summary>
internal static class SpoolRepair
{
    private static readonly SegmentFormat[] Formats = [SegmentFormat.Wav, SegmentFormat.Opus];

    /// <summary>
    /// Repairs every open file (a WAV's header from its length, an Opus file by its last whole page), gives it its final name, deletes
    /// those without audio, and lists everything that is closed. May be repeated.
    /// </summary>
    /// <param name="folder"><c>{spool}/{recordingId}</c>; a missing one is empty.</param>
    /// <exception cref="IOException">The disk cannot be read or written.</exception>
    public static SpoolContents Repair(string folder)
    {
        SpoolListing listing = new();
        foreach ((ulong userId, string path) in UserFolders(folder))
        {
            foreach (SegmentFormat format in Formats)
            {
                foreach (string openPath in Directory.GetFiles(path, "*" + SpoolFiles.OpenSuffix(format)))
                    RepairOpen(openPath, format, userId, listing);
                foreach (string closedPath in Directory.GetFiles(path, "*" + format.Suffix()))
                    List(closedPath, format, userId, listing);
            }
            foreach (string temporary in Directory.EnumerateFiles(path, "*" + SpoolFiles.TemporarySuffix)) File.Delete(temporary);
            RemoveOrphanSidecars(path, userId, listing);
        }
        return listing.ToContents();
    }

    private static IEnumerable<(ulong UserId, string Path)> UserFolders(string folder)
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (string path in Directory.EnumerateDirectories(folder))
        {
            if (SpoolFiles.TryParseUserFolder(path, out ulong userId)) yield return (userId, path);
        }
    }

    private static void RepairOpen(string openPath, SegmentFormat format, ulong userId, SpoolListing listing)
    {
        string suffix = SpoolFiles.OpenSuffix(format);
        if (!SpoolFiles.TryParseIndex(openPath, suffix, out int index)) return;
        listing.NoteIndex(userId, index);
        string stem = openPath[..^suffix.Length];
        int channels = SpoolFiles.ReadSidecar(stem + SpoolFiles.SidecarSuffix)?.Channels ?? 2;
        if (Repair(openPath, format, channels) == 0) File.Delete(openPath);
        else if (File.Exists(stem + format.Suffix())) listing.Unreadable.Add(openPath);
        else File.Move(openPath, stem + format.Suffix());
    }

    /// <summary>Whether there is a file that was never ended.</summary>
    public static bool HasOpen(string folder) => UserFolders(folder).Any(user =>
        Formats.Any(format => Directory.EnumerateFiles(user.Path, "*" + SpoolFiles.OpenSuffix(format)).Any()));

    /// <summary>Makes a whole file of what is there, and tells how many samples it holds.</summary>
    public static long Repair(string path, SegmentFormat format, int channels) => format == SegmentFormat.Opus
        ? OggSegmentFile.Repair(path)
        : WavFile.Repair(path, new WavFormat(channels, SampleClock.SamplesPerSecond));

    private static void List(string closedPath, SegmentFormat format, ulong userId, SpoolListing listing)
    {
        if (!SpoolFiles.TryParseIndex(closedPath, format.Suffix(), out int index)) return;
        listing.NoteIndex(userId, index);
        string sidecarPath = closedPath[..^format.Suffix().Length] + SpoolFiles.SidecarSuffix;
        SegmentSidecar? sidecar = SpoolFiles.ReadSidecar(sidecarPath);
        if (sidecar is null || sidecar.UserId != userId || sidecar.Index != index)
        {
            listing.Unreadable.Add(closedPath);
            return;
        }
        long samples = Repair(closedPath, format, sidecar.Channels);
        listing.Segments.Add(
            new ClosedSegment(sidecar.Key, sidecar.Username, closedPath, sidecarPath, sidecar.StartSample, samples, sidecar.Channels,
            new FileInfo(closedPath).Length));
    }

    private static void RemoveOrphanSidecars(string folder, ulong userId, SpoolListing listing)
    {
        foreach (string sidecarPath in Directory.GetFiles(folder, "*" + SpoolFiles.SidecarSuffix))
        {
            if (!SpoolFiles.TryParseIndex(sidecarPath, SpoolFiles.SidecarSuffix, out int index)) continue;
            listing.NoteIndex(userId, index);
            string stem = sidecarPath[..^SpoolFiles.SidecarSuffix.Length];
            // Audio that was set aside keeps the one that says what it is.
            bool describes = Directory.EnumerateFiles(folder, Path.GetFileName(stem) + ".*").Any(SpoolFiles.IsAudio);
            if (!describes) File.Delete(sidecarPath);
        }
    }
}

/// <summary>What lies in a recording's spool folder.</summary>
/// <param name="Segments">Closed segments, by user and index.</param>
/// <param name="NextIndexes">First free index per user, as far as this folder knows.</param>
/// <param name="Unreadable">Paths, in no order, that could not be understood; they are left where they are.</param>
internal sealed record SpoolContents(
    IReadOnlyList<ClosedSegment> Segments,
    IReadOnlyDictionary<ulong, int> NextIndexes,
    IReadOnlyList<string> Unreadable);

/// <summary>Collects <see cref="SpoolContents"/>.</summary>
internal sealed class SpoolListing
{
    private readonly Dictionary<ulong, int> nextIndexes = [];

    public List<ClosedSegment> Segments { get; } = [];
    public List<string> Unreadable { get; } = [];

    public void NoteIndex(ulong userId, int index) =>
        nextIndexes[userId] = Math.Max(nextIndexes.GetValueOrDefault(userId), index + 1);

    public SpoolContents ToContents() => new(
        [.. Segments.OrderBy(segment => segment.Key.UserId).ThenBy(segment => segment.Key.Index)],
        nextIndexes,
        Unreadable);
}
