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
    private readonly Dictionary<string, List<DateTimeOffset>> byAddress = [];

    /// <summary>
    /// Takes one of the address's places before its link is looked at: of many that come at once no more are looked at than of those that
    /// come one by one.
    /// </summary>
    /// <param name="place">For <see cref="GiveBack"/>.</param>
    /// <returns>How long the address has to wait; null where it has a place.</returns>
    public TimeSpan? Take(string address, out DateTimeOffset place)
    {
        lock (gate)
        {
            place = time.GetUtcNow();
            if (!byAddress.TryGetValue(address, out List<DateTimeOffset>? tries))
            {
                // Full of addresses: those that have waited long enough go, and if there are none, all do; memory stays bounded.
                if (byAddress.Count >= MostAddresses) Clean(place);
                byAddress[address] = tries = [];
            }
            Forget(tries, place);
            if (tries.Count >= Most) return tries[0] + Window - place;
            tries.Add(place);
            return null;
        }
    }

    /// <summary>The link was right, or nobody could say.</summary>
    public void GiveBack(string address, DateTimeOffset place)
    {
        lock (gate)
        {
            if (byAddress.TryGetValue(address, out List<DateTimeOffset>? tries) && tries.Remove(place) && tries.Count == 0)
                byAddress.Remove(address);
        }
    }

    private void Clean(DateTimeOffset now)
    {
        foreach ((string address, List<DateTimeOffset> tries) in byAddress)
        {
            Forget(tries, now);
            if (tries.Count == 0) byAddress.Remove(address);
        }
        if (byAddress.Count >= MostAddresses) byAddress.Clear();
    }

    private static void Forget(List<DateTimeOffset> tries, DateTimeOffset now) => tries.RemoveAll(taken => now - taken >= Window);
}
