using System.Globalization;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Functions.Local;

/// <summary>
/// <c>RENDER_FOLDER</c>: what people can download of a finished recording also lies there as plain files, one folder for each recording.
/// A file appears whole or not at all. Asked by the messages that render and delete, after the one and before the other, so that a crash
/// in between only delays it; repeating is no fault.
/// </summary>
internal sealed class RenderFolder(LocalOptions options, FinishedFiles files, DeletionTable deletions, ILogger<RenderFolder> logger)
    : IDisposable
{
    // Begins with a dot: no file of a recording does.
    private const string ListName = ".files.json";
    private const string Unfinished = ".part";

    private static readonly UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private static readonly UnixFileMode OneFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    // Two messages of one recording may come at once.
    private readonly SemaphoreSlim place = new(1, 1);

    /// <summary>Creates the folder of the setting.</summary>
    /// <exception cref="InvalidSettingsException">It cannot be written.</exception>
    public static void DemandWritable(LocalOptions options)
    {
        if (options.RenderFolder is not { } root) return;
        try
        {
            CreateFolder(root);
            string probe = Path.Combine(root, $".probe{Unfinished}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingsException(SettingProblem.NotAllowed(FunctionsSettings.RenderFolder, root,
                $"a folder that can be written ({Cause.Of(fault)})"));
        }
    }

    /// <summary>After rendering: brings the recording's folder to what is finished by now.</summary>
    public async Task RenderedAsync(RecordingId id, CancellationToken cancellation)
    {
        if (options.RenderFolder is null) return;
        await place.WaitAsync(cancellation);
        try
        {
            if (await files.FindAsync(id, cancellation) is { } found) await WriteAsync(id, found, cancellation);
            // Deleted meanwhile: its message may have come and gone before the last file was written.
            if (await deletions.FindAsync(id, cancellation) is not null) Delete(id);
        }
        finally
        {
            place.Release();
        }
    }

    /// <summary>Before a recording is erased: takes its files away.</summary>
    /// <param name="message">Of the queue <c>recording-deletions</c>.</param>
    /// <exception cref="Pipeline.Storage.MalformedMessageException">It is not of our contract.</exception>
    public async Task DeletingAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        // What is made of those who are left takes an erased person's files away.
        if (options.RenderFolder is null || DeletionMessages.TryReadForget(message) is not null) return;
        RecordingId id = DeletionMessages.Read(message).RecordingId;
        await place.WaitAsync(cancellation);
        try
        {
            if (await deletions.FindAsync(id, cancellation) is not null) Delete(id);
        }
        finally
        {
            place.Release();
        }
    }

    public void Dispose() => place.Dispose();

    private async Task WriteAsync(RecordingId id, FinishedRecording recording, CancellationToken cancellation)
    {
        string folder = FolderOf(id) ?? Path.Combine(options.RenderFolder!,
            string.Create(CultureInfo.InvariantCulture, $"{recording.RecordedAt.UtcDateTime:yyyy-MM-dd_HHmm}_{id}"));
        CreateFolder(folder);
        foreach (string left in Directory.EnumerateFiles(folder, $"*{Unfinished}")) File.Delete(left);
        Dictionary<string, uint> written = ReadList(folder);
        int fresh = 0;
        foreach (FinishedFile file in recording.Files)
        {
            FileInfo present = new(Path.Combine(folder, file.Name));
            bool isThere = present.Exists && present.Length == file.Length;
            if (isThere && written.TryGetValue(file.Name, out uint crc) && crc == file.Crc) continue;
            await WriteFileAsync(id, file, present.FullName, cancellation);
            written[file.Name] = file.Crc;
            await WriteListAsync(folder, written, cancellation);
            fresh++;
        }
        // What has another name now, because its person has.
        string[] gone = [.. written.Keys.Except(recording.Files.Select(file => file.Name))];
        foreach (string name in gone)
        {
            File.Delete(Path.Combine(folder, name));
            written.Remove(name);
        }
        if (gone.Length > 0) await WriteListAsync(folder, written, cancellation);
        if (fresh > 0) Log.FilesWritten(logger, fresh, folder);
    }

    private async Task WriteFileAsync(RecordingId id, FinishedFile file, string path, CancellationToken cancellation)
    {
        string aside = path + Unfinished;
        await using (FileStream target = CreateFile(aside))
        {
            await files.CopyAsync(id, file, target, cancellation);
            target.Flush(flushToDisk: true);
        }
        File.Move(aside, path, overwrite: true);
    }

    private void Delete(RecordingId id)
    {
        if (FolderOf(id) is not { } folder) return;
        // What somebody else has put there stays.
        foreach (string name in ReadList(folder).Keys.Append(ListName)) File.Delete(Path.Combine(folder, name));
        foreach (string left in Directory.EnumerateFiles(folder, $"*{Unfinished}")) File.Delete(left);
        if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        Log.FilesDeleted(logger, folder);
    }

    // By the id behind the time: the time is there for people.
    private string? FolderOf(RecordingId id) => Directory.EnumerateDirectories(options.RenderFolder!, $"*_{id}").FirstOrDefault();

    private static Dictionary<string, uint> ReadList(string folder)
    {
        string path = Path.Combine(folder, ListName);
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), RenderFolderJsonContext.Default.DictionaryStringUInt32) ?? [] : [];
        }
        catch (JsonException)
        {
            return []; // Spoiled by somebody: everything is written once more.
        }
    }

    private static async Task WriteListAsync(string folder, Dictionary<string, uint> written, CancellationToken cancellation)
    {
        string path = Path.Combine(folder, ListName);
        byte[] list = JsonSerializer.SerializeToUtf8Bytes(written, RenderFolderJsonContext.Default.DictionaryStringUInt32);
        await using (FileStream target = CreateFile(path + Unfinished)) await target.WriteAsync(list, cancellation);
        File.Move(path + Unfinished, path, overwrite: true);
    }

    // What was said is for its owner and the group: a file that is moved out of the folder too.
    private static FileStream CreateFile(string path)
    {
        FileStreamOptions own = new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows()) own.UnixCreateMode = OneFileMode;
        return new FileStream(path, own);
    }

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, FolderMode);
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, uint>))]
internal sealed partial class RenderFolderJsonContext : System.Text.Json.Serialization.JsonSerializerContext;
