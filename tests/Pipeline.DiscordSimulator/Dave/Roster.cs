namespace Pipeline.DiscordSimulator.Dave;

/// <summary>Who holds which leaf, who waits with a key package, and who is out of step and no longer told anything.</summary>
internal sealed class Roster
{
    private readonly List<ulong?> leaves = [];
    private readonly HashSet<ulong> evicted = [];
    private readonly List<(ulong UserId, PeerKeyPackage KeyPackage)> waiting = [];

    public bool IsEstablished => leaves.Count > 0;

    public IReadOnlyList<ulong> Members => [.. leaves.OfType<ulong>()];

    /// <summary>Members that follow the group.</summary>
    public IReadOnlyList<ulong> Listeners => [.. Members.Where(member => !evicted.Contains(member))];

    public IReadOnlyList<ulong> Waiting => [.. waiting.Select(one => one.UserId)];

    public bool IsWaiting(ulong userId) => waiting.Exists(one => one.UserId == userId);

    public PeerKeyPackage KeyPackageOf(ulong userId) => waiting.Find(one => one.UserId == userId).KeyPackage;

    public uint? LeafOf(ulong userId)
    {
        int index = leaves.IndexOf(userId);
        return index < 0 ? null : (uint)index;
    }

    public void Wait(ulong userId, PeerKeyPackage keyPackage)
    {
        StopWaiting(userId);
        waiting.Add((userId, keyPackage));
        if (LeafOf(userId) is not null) evicted.Add(userId);
    }

    public void StopWaiting(ulong userId) => waiting.RemoveAll(one => one.UserId == userId);

    public void Evict(ulong userId) => evicted.Add(userId);

    public void Found(ulong userId)
    {
        leaves.Add(userId);
        StopWaiting(userId);
    }

    /// <summary>Removes first, then each add to the leftmost blank leaf, as RFC 9420 §12.4.2 orders them.</summary>
    public void Apply(IReadOnlyList<SignedProposal> proposals)
    {
        foreach (SignedProposal proposal in proposals.Where(proposal => proposal.RemovedLeaf is not null))
        {
            leaves[(int)proposal.RemovedLeaf!] = null;
            evicted.Remove(proposal.UserId);
        }
        foreach (SignedProposal proposal in proposals.Where(proposal => proposal.IsAdd))
        {
            int blank = leaves.IndexOf(null);
            if (blank < 0) leaves.Add(proposal.UserId);
            else leaves[blank] = proposal.UserId;
            StopWaiting(proposal.UserId);
        }
    }

    /// <summary>No group any more; who waits goes on waiting.</summary>
    public void Disband()
    {
        leaves.Clear();
        evicted.Clear();
    }

    public void Reset()
    {
        Disband();
        waiting.Clear();
    }
}
