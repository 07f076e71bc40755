namespace Pipeline.Discord.Media;

/// <summary>
/// Who is here and which source is whose, as the voice gateway tells it. A user may get a new source at any time; a source keeps its
/// user for a while after the user left, because the last packets may come after the message. Control loop only.
/// </summary>
internal sealed class SsrcMap(TimeProvider time)
{
    /// <summary>A channel holds at most a hundred people; hostile servers get no more memory than this.</summary>
    public const int MaxEntries = 4096;

    /// <summary>How long a source outlives its user.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly Dictionary<uint, ulong> users = [];
    private readonly Dictionary<uint, long> leaving = [];
    private readonly HashSet<ulong> present = [];

    public IReadOnlyDictionary<uint, ulong> Users => users;

    /// <summary>Users other than us that are connected, as far as told.</summary>
    public IReadOnlyCollection<ulong> Present => present;

    /// <summary>Users who are here and have no source.</summary>
    public IReadOnlyList<ulong> Unmatched() => [.. present.Except(users.Values)];

    /// <summary>True when the user was not known to be here.</summary>
    public bool Join(ulong userId) => present.Count < MaxEntries && present.Add(userId);

    /// <summary>True when this says something new.</summary>
    public bool Assign(uint ssrc, ulong userId)
    {
        leaving.Remove(ssrc);
        if (users.TryGetValue(ssrc, out ulong current) && current == userId) return false;
        if (users.Count >= MaxEntries && !users.ContainsKey(ssrc)) return false;
        users[ssrc] = userId;
        return true;
    }

    /// <summary>True when the user was here.</summary>
    public bool Leave(ulong userId)
    {
        long now = time.GetTimestamp();
        foreach ((uint ssrc, ulong user) in users)
        {
            if (user == userId) leaving[ssrc] = now;
        }
        return present.Remove(userId);
    }

    /// <summary>Forgets the sources of users who left a while ago. True when there were any.</summary>
    public bool Prune()
    {
        bool removed = false;
        foreach ((uint ssrc, long since) in leaving)
        {
            if (time.GetElapsedTime(since) < Linger) continue;
            removed |= users.Remove(ssrc) | leaving.Remove(ssrc);
        }
        return removed;
    }
}
