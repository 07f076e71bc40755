using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// The segments of one recording that this spool has sent on their way, one JSON line each, written before the upload and therefore
/// before the file is deleted: with it a restart knows every index, count and hash although the files are gone.
/// A line that a crash cut off is dropped; its segment still lies in the spool and is written again. A line that the disk refuses is owed:
/// it goes before the next one.
/// </summary>
internal sealed class SegmentJournal(string path)
{
    // Uploads make room on a full disk, so one is owed for moments only; where the disk never takes any, the newest indexes count.
    private const int MostOwed = 4096;

    // Segments are announced by the uploads and taken back by the tick: two lines must not be written at once.
    private readonly Lock gate = new();
    private readonly Queue<JournalEntry> owed = [];

    public IReadOnlyList<JournalEntry> Read()
    {
        List<JournalEntry> entries = [];
        if (!File.Exists(path)) return entries;
        foreach (string line in File.ReadLines(path))
        {
            if (TryParse(line) is { } entry) entries.Add(entry);
        }
        return entries;
    }

    /// <exception cref="IOException">The disk takes no line. It is owed, and need not be appended again.</exception>
    public void Append(JournalEntry entry)
    {
        lock (gate)
        {
            owed.Enqueue(entry);
            if (owed.Count > MostOwed) owed.Dequeue();
            WriteOwed();
        }
    }

    /// <summary>Writes what is owed, if the disk takes it by now.</summary>
    public void CatchUp()
    {
        lock (gate)
        {
            try
            {
                if (owed.Count > 0) WriteOwed();
            }
            catch (Exception refused) when (DiskFailure.Is(refused))
            {
                return;
            }
        }
    }

    // A line that is written twice says no more than once.
    private void WriteOwed()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        // A line that a crash cut off must not swallow the next one. Who has read the last byte stands at the end.
        bool cut = file.Length > 0 && LastByte(file) != '\n';
        file.Write([.. cut ? "\n"u8 : [], .. owed.SelectMany(Line)]);
        owed.Clear();
    }

    private static byte[] Line(JournalEntry entry) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(entry, JournalJsonContext.Default.JournalEntry), (byte)'\n'];

    private static int LastByte(FileStream file)
    {
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte();
    }

    private static JournalEntry? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, JournalJsonContext.Default.JournalEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>
/// One closed segment whose bytes are known: a line of the journal. Positions in samples at 48 kHz, size in bytes, MD5 in base64.
/// </summary>
internal sealed record JournalEntry(ulong UserId, string Username, int Index, long StartSample, long SampleCount, long FileSize,
    string ContentMd5)
{
    /// <summary>
    /// The segment was taken back before it had left: its speaker had opted out. Such a line follows the one that announced it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Erased { get; init; }

    [JsonIgnore]
    public long EndSample => StartSample + SampleCount;

    public static JournalEntry ErasureOf(SegmentKey key) => new(key.UserId, "", key.Index, 0, 0, 0, "") { Erased = true };

    public static JournalEntry From(SegmentReady message) =>
        new(message.UserId, message.Username, message.SegmentIndex, message.StartSample, message.SampleCount, message.FileSize,
            message.ContentMd5);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJsonContext : JsonSerializerContext;
