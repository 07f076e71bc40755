using Pipeline.Audio.Wav;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// Reads what an earlier process left in a recording's spool folder. Run before a <see cref="Recording"/> opens the folder,
/// never beside it.
/// </summary>
internal static class SpoolRepair
{
    /// <summary>
    /// Repairs the header of every <c>.open.wav</c> from its length (cut to whole sample frames), gives it its final name,
    /// deletes those without audio, and lists everything that is closed. May be repeated.
    /// </summary>
    /// <param name="folder"><c>{spool}/{recordingId}</c>; a missing one is empty.</param>
    /// <exception cref="IOException">The disk cannot be read or written.</exception>
    public static SpoolContents Repair(string folder)
    {
        SpoolListing listing = new();
        foreach ((ulong userId, string path) in UserFolders(folder))
        {
            foreach (string openPath in Files(path, "*" + SpoolFiles.OpenSuffix)) RepairOpen(openPath, userId, listing);
            foreach (string wavPath in Files(path, "*" + SpoolFiles.ClosedSuffix)) List(wavPath, userId, listing);
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

    private static string[] Files(string folder, string pattern)
    {
        string[] files = Directory.GetFiles(folder, pattern);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static void RepairOpen(string openPath, ulong userId, SpoolListing listing)
    {
        if (!SpoolFiles.TryParseIndex(openPath, SpoolFiles.OpenSuffix, out int index)) return;
        listing.NoteIndex(userId, index);
        string stem = openPath[..^SpoolFiles.OpenSuffix.Length];
        int channels = SpoolFiles.ReadSidecar(stem + SpoolFiles.SidecarSuffix)?.Channels ?? 2;
        if (WavFile.Repair(openPath, new WavFormat(channels, SampleClock.SamplesPerSecond)) == 0) File.Delete(openPath);
        else if (File.Exists(stem + SpoolFiles.ClosedSuffix)) listing.Unreadable.Add(openPath);
        else File.Move(openPath, stem + SpoolFiles.ClosedSuffix);
    }

    private static void List(string wavPath, ulong userId, SpoolListing listing)
    {
        if (!SpoolFiles.TryParseIndex(wavPath, SpoolFiles.ClosedSuffix, out int index)) return;
        listing.NoteIndex(userId, index);
        string sidecarPath = wavPath[..^SpoolFiles.ClosedSuffix.Length] + SpoolFiles.SidecarSuffix;
        SegmentSidecar? sidecar = SpoolFiles.ReadSidecar(sidecarPath);
        if (sidecar is null || sidecar.UserId != userId || sidecar.Index != index)
        {
            listing.Unreadable.Add(wavPath);
            return;
        }
        long samples = WavFile.Repair(wavPath, new WavFormat(sidecar.Channels, SampleClock.SamplesPerSecond));
        listing.Segments.Add(
            new ClosedSegment(sidecar.Key, sidecar.Username, wavPath, sidecarPath, sidecar.StartSample, samples, sidecar.Channels,
            new FileInfo(wavPath).Length));
    }

    private static void RemoveOrphanSidecars(string folder, ulong userId, SpoolListing listing)
    {
        foreach (string sidecarPath in Files(folder, "*" + SpoolFiles.SidecarSuffix))
        {
            if (!SpoolFiles.TryParseIndex(sidecarPath, SpoolFiles.SidecarSuffix, out int index)) continue;
            listing.NoteIndex(userId, index);
            string stem = sidecarPath[..^SpoolFiles.SidecarSuffix.Length];
            if (!File.Exists(stem + SpoolFiles.ClosedSuffix)) File.Delete(sidecarPath);
        }
    }
}

/// <summary>What lies in a recording's spool folder.</summary>
/// <param name="Segments">Closed segments, by user and index.</param>
/// <param name="NextIndexes">First free index per user, as far as this folder knows.</param>
/// <param name="Unreadable">Paths that could not be understood; they are left where they are.</param>
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
