namespace Pipeline.RecordingApi.Shares;

/// <summary>
/// Counts wrong links by address: ten in a minute, then the address waits. Per process: what keeps guessing out is the length of the
/// secret, this keeps the noise down.
/// </summary>
public sealed class WrongLinks(TimeProvider time)
{
    /// <summary>So many are answered; the next one is not looked at.</summary>
    public const int Most = 10;

    private const int MostAddresses = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Requests of any thread; each holds it for a few list operations.
    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue<DateTimeOffset>> byAddress = [];

    /// <summary>How long the address has to wait; null where it may go on.</summary>
    public TimeSpan? WaitOf(string address)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (gate)
        {
            if (!byAddress.TryGetValue(address, out Queue<DateTimeOffset>? tries)) return null;
            Forget(tries, now);
            return tries.Count >= Most ? tries.Peek() + Window - now : null;
        }
    }

    public void Count(string address)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (gate)
        {
            // Full of addresses: those that have waited long enough go, and if there are none, all do; memory stays bounded.
            if (byAddress.Count >= MostAddresses) Clean(now);
            if (!byAddress.TryGetValue(address, out Queue<DateTimeOffset>? tries)) byAddress[address] = tries = new Queue<DateTimeOffset>();
            Forget(tries, now);
            tries.Enqueue(now);
        }
    }

    private void Clean(DateTimeOffset now)
    {
        foreach ((string address, Queue<DateTimeOffset> tries) in byAddress)
        {
            Forget(tries, now);
            if (tries.Count == 0) byAddress.Remove(address);
        }
        if (byAddress.Count >= MostAddresses) byAddress.Clear();
    }

    private static void Forget(Queue<DateTimeOffset> tries, DateTimeOffset now)
    {
        while (tries.TryPeek(out DateTimeOffset first) && now - first >= Window) tries.Dequeue();
    }
}
