using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>
/// What the spool knows about one recording beside its segments: <c>session.json</c> (the manifest as last written to the temp container),
/// <c>segments.journal</c>, <c>lease</c> (the id under which this spool's bot holds session.json) and, once it has ended,
/// <c>stopped.json</c>.
/// </summary>
internal sealed class RecordingFolder(string path)
{
    private string? leaseId;

    public string Path { get; } = path;
    public string JournalPath => In("segments.journal");
    public bool Exists => Directory.Exists(Path);
    public bool IsStopped => File.Exists(In("stopped.json"));

    public SessionManifest? LoadManifest() => Load("session.json", ContractsJsonContext.Default.SessionManifest);

    public void Save(SessionManifest manifest) => Save("session.json", manifest, ContractsJsonContext.Default.SessionManifest);

    /// <summary>The stop message that is still owed, without its tracks; null while the recording runs.</summary>
    public RecordingStopped? LoadStopped() => Load("stopped.json", ContractsJsonContext.Default.RecordingStopped);

    public void Save(RecordingStopped stopped) => Save("stopped.json", stopped, ContractsJsonContext.Default.RecordingStopped);

    /// <summary>
    /// The lease id of this spool for this recording: made once, so that a bot that crashed holds its own lease still, and one whose folder
    /// was deleted too.
    /// </summary>
    public string LeaseId()
    {
        string file = In("lease");
        if (File.Exists(file))
        {
            if (leaseId is not null) return leaseId;
            if (Guid.TryParseExact(File.ReadAllText(file), "D", out Guid known)) return leaseId = known.ToString("D");
        }
        leaseId ??= NewLeaseId();
        try
        {
            WriteAtomically(file, System.Text.Encoding.ASCII.GetBytes(leaseId));
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            return leaseId; // It holds in this process; the next one has to wait for the lease to run out.
        }
        return leaseId;
    }

    private static string NewLeaseId()
    {
        Span<byte> random = stackalloc byte[16];
        System.Security.Cryptography.RandomNumberGenerator.Fill(random);
        return new Guid(random).ToString("D");
    }

    /// <summary>Removes the folder when nothing is left in its tracks. False: there is (also audio that was set aside).</summary>
    public bool DeleteWhenEmpty()
    {
        if (!Exists) return true;
        if (Directory.EnumerateDirectories(Path).SelectMany(Directory.EnumerateFiles).Any()) return false;
        Directory.Delete(Path, recursive: true);
        return true;
    }

    private T? Load<T>(string name, JsonTypeInfo<T> type) where T : class
    {
        string file = In(name);
        if (!File.Exists(file)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), type);
        }
        catch (JsonException)
        {
            return null; // Cut off by a power failure: the temp container has the other copy.
        }
    }

    private void Save<T>(string name, T value, JsonTypeInfo<T> type) =>
        WriteAtomically(In(name), JsonSerializer.SerializeToUtf8Bytes(value, type));

    private void WriteAtomically(string file, byte[] content)
    {
        Directory.CreateDirectory(Path);
        string next = file + ".next";
        File.WriteAllBytes(next, content);
        File.Move(next, file, overwrite: true);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
