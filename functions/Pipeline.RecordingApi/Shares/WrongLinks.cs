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
    private readonly Dictionary<string, Caller> byAddress = [];

    /// <summary>
    /// Takes one of the address's places before its link is looked at: of many that come at once no more are looked at than of those that
    /// come one by one. While others of the address are looked at, which may all be right, this waits for them.
    /// </summary>
    /// <returns>To be given back, unless it says how long the address has to wait.</returns>
    internal async Task<Place> TakeAsync(string address, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (gate)
            {
                DateTimeOffset now = time.GetUtcNow();
                Caller caller = Find(address, now);
                if (caller.Wrong.Count >= Most) return new Place(caller, caller.Wrong[0] + Window - now);
                if (caller.Wrong.Count + caller.Open < Most)
                {
                    caller.Open++;
                    return new Place(caller, null);
                }
                changed = caller.Changed.Task;
            }
            await changed.WaitAsync(cancellation);
        }
    }

    /// <param name="isWrong">False: the link was right, or nobody could say.</param>
    internal void GiveBack(Place place, bool isWrong)
    {
        TaskCompletionSource changed;
        lock (gate)
        {
            Caller caller = place.Caller;
            caller.Open--;
            if (isWrong) caller.Wrong.Add(time.GetUtcNow());
            (changed, caller.Changed) = (caller.Changed, NewSignal());
        }
        changed.SetResult();
    }

    private Caller Find(string address, DateTimeOffset now)
    {
        if (byAddress.TryGetValue(address, out Caller? caller))
        {
            caller.Forget(now);
            return caller;
        }
        // Full of addresses: those that have waited long enough go, and if there are none, all do; memory stays bounded.
        if (byAddress.Count >= MostAddresses) Clean(now);
        return byAddress[address] = new Caller();
    }

    private void Clean(DateTimeOffset now)
    {
        foreach ((string address, Caller caller) in byAddress)
        {
            caller.Forget(now);
            if (caller is { Open: 0, Wrong.Count: 0 }) byAddress.Remove(address);
        }
        if (byAddress.Count >= MostAddresses) byAddress.Clear();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="Wait">How long the address has to wait; null where it has a place.</param>
    internal readonly record struct Place(Caller Caller, TimeSpan? Wait);

    /// <summary>One address: its wrong links of the last minute, and how many are being looked at.</summary>
    internal sealed class Caller
    {
        public List<DateTimeOffset> Wrong { get; } = [];
        public int Open { get; set; }

        /// <summary>Ends when one more has been looked at.</summary>
        public TaskCompletionSource Changed { get; set; } = NewSignal();

        public void Forget(DateTimeOffset now) => Wrong.RemoveAll(at => now - at >= Window);
    }
}
