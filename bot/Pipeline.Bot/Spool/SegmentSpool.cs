using System.Globalization;
using System.Text.Json;
using Pipeline.Bot.Observability;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// The local folder where closed segments wait: <c>{spool}/{recordingId}/{userId}/{index:D6}.wav</c> or <c>.opus</c>.
/// The folder itself is the upload queue; nothing about the backlog is kept in memory but its size.
/// One process at a time: the lock file says so. Files reach the disk when the kernel writes them back
/// (a killed process loses nothing; a machine without power loses what was not uploaded, at most the last 30 s of writes).
/// </summary>
internal sealed class SegmentSpool : IDisposable
{
    private const string LockFileName = "bot.lock";
    private const string KeptFolderName = "kept";
    private const string AsideFolderName = "aside";
    private const string ConflictSuffix = ".conflict";

    private readonly SpoolOptions options;
    private readonly Lock restoring = new(); // The folder is restored once, the one who finds it gone.
    private FileStream lockFile;
    private readonly DriveInfo drive;
    private long bytes;
    private long files;
    private int timesLost;
    private volatile SpoolSnapshot? snapshot;

    /// <summary>Takes the folder and repairs what a process that was killed left open in it.</summary>
    /// <exception cref="SpoolInUseException">Another process holds the folder.</exception>
    /// <exception cref="IOException">The folder cannot be created or written.</exception>
    public SegmentSpool(SpoolOptions options)
    {
        this.options = options;
        Root = Path.GetFullPath(options.Folder);
        Create(Root);
        IsPrivate = SpoolAccess.Tighten(Root);
        lockFile = TakeLock(Root);
        drive = new DriveInfo(Root);
        foreach (RecordingId recording in Recordings()) SpoolRepair.Repair(Folder(recording).Path);
        foreach (SpooledSegment segment in Closed()) Added(segment.FileSize);
        Refresh();
    }

    public string Root { get; }

    /// <summary>Nobody but the bot's user can enter the folder.</summary>
    public bool IsPrivate { get; }

    /// <summary>How often the folder was gone and was made again: what waited in it is lost.</summary>
    public int TimesLost => Volatile.Read(ref timesLost);

    /// <summary>As of the last <see cref="Refresh"/>.</summary>
    public SpoolSnapshot Snapshot => snapshot!;

    public RecordingFolder Folder(RecordingId recording) => new(Path.Combine(Root, recording.ToString()));

    /// <summary>Recordings that have a folder here, oldest first (ids sort by time).</summary>
    public IReadOnlyList<RecordingId> Recordings() => RecordingsIn(Root);

    private static List<RecordingId> RecordingsIn(string root)
    {
        List<RecordingId> found = [];
        foreach (DirectoryInfo folder in EnumerateOrNone(new DirectoryInfo(root), static parent => parent.GetDirectories()))
        {
            if (RecordingId.TryParse(folder.Name, out RecordingId recording)) found.Add(recording);
        }
        found.Sort((left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));
        return found;
    }

    /// <summary>
    /// All closed segments: recordings oldest first, tracks by user, segments by index. Read lazily, one track at a time.
    /// </summary>
    public IEnumerable<SpooledSegment> Closed() => Recordings().SelectMany(Closed);

    /// <summary>The closed segments of one recording.</summary>
    public IEnumerable<SpooledSegment> Closed(RecordingId recording) => ClosedIn(Root, recording);

    /// <summary>Bytes that wait in a spool, which another process may have at the moment: nothing is taken or changed.</summary>
    public static long WaitingIn(string root) =>
        RecordingsIn(root).SelectMany(recording => ClosedIn(root, recording)).Sum(segment => segment.FileSize);

    private static IEnumerable<SpooledSegment> ClosedIn(string root, RecordingId recording)
    {
        DirectoryInfo folder = new(Path.Combine(root, recording.ToString()));
        foreach (DirectoryInfo track in EnumerateOrNone(folder, static parent => parent.GetDirectories()))
        {
            if (!ulong.TryParse(track.Name, NumberStyles.None, CultureInfo.InvariantCulture, out ulong userId)) continue;
            foreach (SpooledSegment segment in ClosedIn(root, recording, userId)) yield return segment;
        }
    }

    /// <summary>The closed segments of one track.</summary>
    public IEnumerable<SpooledSegment> Closed(RecordingId recording, ulong userId) => ClosedIn(Root, recording, userId);

    private static IEnumerable<SpooledSegment> ClosedIn(string root, RecordingId recording, ulong userId)
    {
        DirectoryInfo track = new(Path.Combine(root, recording.ToString(), userId.ToString(CultureInfo.InvariantCulture)));
        List<(int Index, FileInfo File)> found = [];
        foreach (FileInfo file in EnumerateOrNone(track, static parent => parent.GetFiles()))
        {
            string name = Path.GetFileNameWithoutExtension(file.Name);
            if (SpoolFiles.IsAudio(file.Name) && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
                found.Add((index, file));
        }
        foreach ((int index, FileInfo file) in found.OrderBy(one => one.Index))
        {
            if (file.Exists)
                yield return new SpooledSegment(new SegmentKey(recording, userId, index), file.FullName, file.Length,
                file.LastWriteTimeUtc);
        }
    }

    /// <summary>
    /// Ends what the disk did not let end while the recording ran; it waits like everything else. To be called when nothing of it waits and
    /// nobody has it.
    /// </summary>
    /// <returns>False: there is no such file.</returns>
    public bool EndOpen(RecordingId recording)
    {
        string folder = Folder(recording).Path;
        if (!SpoolRepair.HasOpen(folder)) return false;
        SpoolRepair.Repair(folder);
        long ended = 0;
        foreach (SpooledSegment segment in Closed(recording))
        {
            Added(segment.FileSize);
            ended++;
        }
        return ended > 0;
    }

    /// <summary>A segment was closed.</summary>
    public void Added(long fileSize)
    {
        Interlocked.Add(ref bytes, fileSize);
        Interlocked.Increment(ref files);
    }

    /// <summary>The segment is safe elsewhere: its file goes (or moves to <c>kept/</c>), then its sidecar.</summary>
    public void Remove(SpooledSegment segment, bool keep)
    {
        if (keep)
        {
            string folder = Path.Combine(Root, KeptFolderName, segment.Key.Recording.ToString(),
                segment.Key.UserId.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(folder);
            File.Copy(segment.SidecarPath, Path.Combine(folder, Path.GetFileName(segment.SidecarPath)), overwrite: true);
            File.Move(segment.AudioPath, Path.Combine(folder, Path.GetFileName(segment.AudioPath)), overwrite: true);
        }
        File.Delete(segment.AudioPath);
        Left(segment.FileSize);
        File.Delete(segment.SidecarPath);
    }

    /// <summary>Deletes a segment that its speaker does not want; nothing keeps it.</summary>
    public void Erase(SpooledSegment segment)
    {
        if (!File.Exists(segment.AudioPath)) return;
        File.Delete(segment.AudioPath);
        Left(segment.FileSize);
        File.Delete(segment.SidecarPath);
    }

    /// <summary>Sets a segment aside that cannot be put; it stays on disk and no scan finds it again.</summary>
    public void SetAside(SpooledSegment segment)
    {
        if (!File.Exists(segment.AudioPath)) return; // The folder was emptied meanwhile.
        File.Move(segment.AudioPath, Path.ChangeExtension(segment.AudioPath, ConflictSuffix + segment.Format.Suffix()), overwrite: true);
        Left(segment.FileSize);
    }

    /// <summary>Gives a segment another index: sidecar first, so that a crash in between leaves the old pair whole.</summary>
    public static void Renumber(SpooledSegment segment, int index)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{index:D6}");
        string folder = Path.GetDirectoryName(segment.AudioPath)!;
        SegmentSidecar? sidecar = JsonSerializer.Deserialize(File.ReadAllBytes(segment.SidecarPath),
            CaptureJsonContext.Default.SegmentSidecar);
        File.WriteAllBytes(Path.Combine(folder, name + ".json"),
            JsonSerializer.SerializeToUtf8Bytes(sidecar! with { Index = index }, CaptureJsonContext.Default.SegmentSidecar));
        File.Move(segment.AudioPath, Path.Combine(folder, name + segment.Format.Suffix()));
        File.Delete(segment.SidecarPath);
    }

    /// <summary>Reads the disk's free space and decides the level. Full ends at 95 % of the limit, so that it does not flutter.</summary>
    public SpoolSnapshot Refresh()
    {
        long free = FreeSpace();
        long waiting = Interlocked.Read(ref bytes);
        SpoolLevel level = options.LevelAt(waiting, free, wasFull: snapshot?.Level == SpoolLevel.Full);
        return snapshot = new SpoolSnapshot(waiting, Interlocked.Read(ref files), free, level);
    }

    /// <summary>
    /// The recording is over: its folder goes. When audio was set aside in it, the folder moves to <c>aside/</c> instead.
    /// </summary>
    public void RemoveFolder(RecordingId recording)
    {
        RecordingFolder folder = Folder(recording);
        if (folder.DeleteWhenEmpty()) return;
        string aside = Path.Combine(Root, AsideFolderName, recording.ToString());
        Directory.CreateDirectory(Path.GetDirectoryName(aside)!);
        for (int number = 2; Directory.Exists(aside); number++) aside = Path.Combine(Root, AsideFolderName, $"{recording}-{number}");
        Directory.Move(folder.Path, aside);
    }

    public void Dispose() => lockFile.Dispose();

    // A disk that does not say how much is free takes nothing, so new audio is a counted gap until it does.
    private long FreeSpace()
    {
        try
        {
            if (!File.Exists(LockPath(Root))) Restore();
            return drive.AvailableFreeSpace;
        }
        catch (Exception gone) when (DiskFailure.Is(gone))
        {
            return 0;
        }
    }

    // The lock file tells, not the folder: a writer that opens its next segment makes the folder again before anybody looks.
    private void Restore()
    {
        lock (restoring)
        {
            if (File.Exists(LockPath(Root))) return;
            Create(Root);
            SpoolAccess.Tighten(Root);
            lockFile.Dispose(); // It holds a file that nobody can find any more.
            lockFile = TakeLock(Root);
            List<SpooledSegment> left = [.. Closed()];
            Interlocked.Exchange(ref bytes, left.Sum(segment => segment.FileSize));
            Interlocked.Exchange(ref files, left.Count);
            Volatile.Write(ref timesLost, timesLost + 1);
        }
    }

    private static string LockPath(string root) => Path.Combine(root, LockFileName);

    private void Left(long fileSize)
    {
        Interlocked.Add(ref bytes, -fileSize);
        Interlocked.Decrement(ref files);
    }

    private static void Create(string root)
    {
        try
        {
            Directory.CreateDirectory(root);
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            throw Unusable(root, refused);
        }
    }

    private static IOException Unusable(string root, Exception why) =>
        new($"{root} cannot be the spool folder ({Cause.OfFile(why)}); set RECORDING_SPOOL_FOLDER to a folder that can be written", why);

    private static FileStream TakeLock(string root)
    {
        try
        {
            return new FileStream(LockPath(root), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (File.Exists(LockPath(root)))
        {
            throw new SpoolInUseException(root, held);
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            throw Unusable(root, refused);
        }
    }

    // The folder may be removed by its last upload while somebody looks.
    private static T[] EnumerateOrNone<T>(DirectoryInfo folder, Func<DirectoryInfo, T[]> enumerate)
    {
        try
        {
            return enumerate(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}

/// <summary>How full the spool is.</summary>
internal enum SpoolLevel
{
    Ok,

    /// <summary>At least 80 % of the limit: somebody should look.</summary>
    High,

    /// <summary>At the limit, or the disk is down to its minimum: new audio becomes a counted gap until there is room again.</summary>
    Full,
}

/// <summary>What waits in the spool for upload, in bytes and files, and what the disk has left.</summary>
internal sealed record SpoolSnapshot(long Bytes, long Files, long FreeBytes, SpoolLevel Level);

/// <summary>Where closed segments wait, and how much of the disk they may take.</summary>
internal sealed record SpoolOptions
{
    public required string Folder { get; init; }

    /// <summary>Bytes of closed segments.</summary>
    public long LimitBytes { get; init; } = 4096L << 20;

    /// <summary>Bytes that stay free on the disk whatever the limit says.</summary>
    public long MinimumFreeBytes { get; init; } = 512L << 20;

    /// <summary>How full it is with so many bytes that wait and so many that the disk has left.</summary>
    public SpoolLevel LevelAt(long waiting, long free, bool wasFull)
    {
        long limit = wasFull ? LimitBytes / 100 * 95 : LimitBytes;
        long minimumFree = wasFull ? MinimumFreeBytes / 100 * 105 : MinimumFreeBytes;
        return waiting >= limit || free <= minimumFree ? SpoolLevel.Full
            : waiting >= LimitBytes / 100 * 80 ? SpoolLevel.High
            : SpoolLevel.Ok;
    }
}

/// <summary>Another process works in this spool; two would upload and number the same segments.</summary>
internal sealed class SpoolInUseException(string folder, Exception inner)
    : Exception($"the spool {folder} is in use by another bot: stop it, or give this one a folder of its own (RECORDING_SPOOL_FOLDER)",
    inner);

/// <summary>A closed segment on disk: the audio file and beside it the sidecar that says what it is.</summary>
internal sealed record SpooledSegment(SegmentKey Key, string AudioPath, long FileSize, DateTimeOffset ClosedAt)
{
    public string SidecarPath => Path.ChangeExtension(AudioPath, ".json");
    public SegmentFormat Format => SegmentFormats.OfName(AudioPath);
}
