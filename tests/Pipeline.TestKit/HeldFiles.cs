using System.Globalization;

namespace Pipeline.TestKit;

/// <summary>Notes every file of a person that is ever in a spool, also one that goes at once.</summary>
public sealed class HeldFiles : IDisposable
{
    private readonly System.Collections.Concurrent.ConcurrentBag<string> seen = [];
    private readonly FileSystemWatcher watcher;
    private readonly string spool;
    private readonly ulong userId;

    public HeldFiles(string spool, ulong userId)
    {
        (this.spool, this.userId) = (spool, userId);
        watcher = new FileSystemWatcher(spool)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName
        };
        watcher.Created += (_, made) =>
        {
            if (made.FullPath.Contains(userId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
                seen.Add(made.FullPath);
        };
        watcher.EnableRaisingEvents = true;
    }

    public static string[] Of(string spool, ulong userId) =>
        [.. Directory.EnumerateFiles(spool, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == userId.ToString(CultureInfo.InvariantCulture))];

    public IEnumerable<string> Seen() => seen.Concat(Of(spool, userId));

    public void Dispose() => watcher.Dispose();
}
