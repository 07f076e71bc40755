namespace Pipeline.Dave.Receive;

/// <summary>The living counters of one user: written by the media thread only, read by anybody.</summary>
internal sealed class UserCounters
{
    private readonly long[] byResult = new long[Enum.GetValues<DaveOpenResult>().Length];
    private long recovered;

    public void Count(DaveOpenResult result) => Increment(ref byResult[(int)result]);

    public void CountRecovered() => Increment(ref recovered);

    public DaveCounters Read() => new(
        Opened: Of(DaveOpenResult.Opened),
        Silence: Of(DaveOpenResult.Silence),
        Held: Of(DaveOpenResult.Held),
        Recovered: Volatile.Read(ref recovered),
        JoinGap: Of(DaveOpenResult.JoinGap),
        Undecryptable: Of(DaveOpenResult.Undecryptable),
        Replayed: Of(DaveOpenResult.Replayed),
        NoKey: Of(DaveOpenResult.NoKey),
        Passthrough: Of(DaveOpenResult.Passthrough),
        PlaintextRejected: Of(DaveOpenResult.PlaintextRejected));

    private long Of(DaveOpenResult result) => Volatile.Read(ref byResult[(int)result]);

    // One writer: a plain add with a release store is enough, and cheaper than an interlocked one.
    private static void Increment(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
