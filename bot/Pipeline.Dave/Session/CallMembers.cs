using System.Collections.Frozen;

namespace Pipeline.Dave.Session;

/// <summary>
/// Who the gateway says is in the call: op 11 minus op 13, and ourselves. Only they may be added to the group. Those who
/// left keep their decryptor for 10 s.
/// </summary>
internal sealed class CallMembers(ulong selfUserId, TimeProvider time)
{
    private readonly HashSet<ulong> present = [selfUserId];
    private readonly Dictionary<ulong, long> departures = [];

    /// <summary>User to the timestamp at which its decryptor goes.</summary>
    public FrozenDictionary<ulong, long> Departures { get; private set; } = FrozenDictionary<ulong, long>.Empty;

    public bool Contains(ulong userId) => present.Contains(userId);

    /// <summary>In the call, or gone and still with keys that open frames.</summary>
    public bool WasAnnounced(ulong userId) => present.Contains(userId) || departures.ContainsKey(userId);

    public void Connect(IEnumerable<ulong> userIds)
    {
        bool returned = false;
        foreach (ulong userId in userIds)
        {
            present.Add(userId);
            returned |= departures.Remove(userId);
        }
        if (returned) Departures = departures.ToFrozenDictionary();
    }

    public void Disconnect(ulong userId)
    {
        if (userId == selfUserId || !present.Remove(userId)) return;
        departures[userId] = time.GetTimestamp() + (long)(EpochKeys.Lateness.TotalSeconds * time.TimestampFrequency);
        Departures = departures.ToFrozenDictionary();
    }

    /// <summary>
    /// Forgets departures whose keys have gone with their epoch too; by then no key set names the user any more, or the
    /// user is still a member of the group and may be opened again when a commit says otherwise.
    /// </summary>
    public void Prune(Func<ulong, bool> stillHasKeys)
    {
        long now = time.GetTimestamp();
        ulong[] gone = [.. departures.Where(departure => now >= departure.Value && !stillHasKeys(departure.Key))
            .Select(departure => departure.Key)];
        if (gone.Length == 0) return;
        foreach (ulong userId in gone) departures.Remove(userId);
        Departures = departures.ToFrozenDictionary();
    }
}
