using System.Collections.Concurrent;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// What a sweep has already done something about, so that it does not do it again each minute: the pause doubles from time to
/// time. Lost with the process, which only costs a repetition that does no harm.
/// </summary>
internal sealed class SweepMemory
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);
    private readonly ConcurrentDictionary<string, Entry> entries = new();

    /// <summary>True for something new, changed, or tried long enough ago.</summary>
    public bool IsDue(string name, string version, DateTimeOffset now, TimeSpan pause)
    {
        if (!entries.TryGetValue(name, out Entry? entry) || entry.Version != version) return true;
        TimeSpan grown = pause * Math.Pow(2, Math.Min(entry.Count, 10));
        return now - entry.Last >= (grown < LongestPause ? grown : LongestPause);
    }

    public void Note(string name, string version, DateTimeOffset now) => entries.AddOrUpdate(
        name, _ => new Entry(version, now, 1), (_, before) => new Entry(version, now, before.Version == version ? before.Count + 1 : 1));

    /// <summary>Drops what was not met for a day.</summary>
    public void Forget(DateTimeOffset now)
    {
        foreach ((string name, Entry entry) in entries)
        {
            if (now - entry.Last > Kept) entries.TryRemove(name, out _);
        }
    }

    private sealed record Entry(string Version, DateTimeOffset Last, int Count);
}
