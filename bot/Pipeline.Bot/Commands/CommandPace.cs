using System.Collections.Concurrent;

namespace Pipeline.Bot.Commands;

/// <summary>How often one person may use commands and buttons.</summary>
internal sealed class CommandPace(TimeProvider time)
{
    private const int MostPerWindow = 8;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ulong, UseCount> uses = new();

    /// <summary>When the caller may try again; null: now.</summary>
    public DateTimeOffset? TooFast(ulong userId)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (uses.Count > 10_000) uses.Clear();
        UseCount count = uses.AddOrUpdate(userId, _ => new UseCount(now, 1), (_, old) =>
            now - old.Since > Window ? new UseCount(now, 1) : old with { Count = old.Count + 1 });
        return count.Count > MostPerWindow ? count.Since + Window : null;
    }

    private sealed record UseCount(DateTimeOffset Since, int Count);
}
