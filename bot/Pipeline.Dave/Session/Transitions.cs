namespace Pipeline.Dave.Session;

/// <summary>
/// Announced switch-overs that wait for their execution: transition id to the protocol version that it brings. Several may wait.
/// </summary>
internal sealed class Transitions(TimeProvider time)
{
    /// <summary>Ids are 16 bits; nobody waits for this many.</summary>
    private const int MaxPending = 64;

    /// <summary>The gateway executes about 2 s after the announcement even without everybody's answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<Pending> pending = [];

    /// <summary>The id that was announced last, 0 included.</summary>
    public int LastId { get; private set; }

    /// <summary>One is waiting that may still be executed.</summary>
    public bool IsPending => pending.Exists(IsAwaited);

    /// <summary>Those that have not been executed and still may be.</summary>
    public IEnumerable<int> Waiting => pending.Where(IsAwaited).Select(one => one.Id);

    public void See(int id) => LastId = id;

    public void Prepare(int id, int version)
    {
        See(id);
        pending.RemoveAll(one => one.Id == id);
        if (pending.Count == MaxPending) pending.RemoveAt(0);
        pending.Add(new Pending(id, version, time.GetTimestamp()));
    }

    public bool TryTake(int id, out int version)
    {
        int index = pending.FindIndex(one => one.Id == id);
        version = index < 0 ? 0 : pending[index].Version;
        if (index >= 0) pending.RemoveAt(index);
        return index >= 0;
    }

    public void Clear() => pending.Clear();

    private bool IsAwaited(Pending one) => time.GetElapsedTime(one.PreparedAt) < Patience;

    private readonly record struct Pending(int Id, int Version, long PreparedAt);
}
