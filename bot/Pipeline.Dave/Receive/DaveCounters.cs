namespace Pipeline.Dave.Receive;

/// <summary>One user's frames since the voice session began, by what became of them.</summary>
/// <param name="Opened">Decrypted at once.</param>
/// <param name="Silence">Silence frames, which travel unencrypted.</param>
/// <param name="Held">Frames that had to wait for a key, whatever became of them.</param>
/// <param name="Recovered">Held frames whose key came in time.</param>
/// <param name="JoinGap">Sent to a group that this session had not joined yet, or not again.</param>
/// <param name="Undecryptable">Given up though keys of the sender were known.</param>
/// <param name="Replayed">Authentic, seen before, dropped.</param>
/// <param name="NoKey">Given up because the sender was in no known group.</param>
/// <param name="Passthrough">Unencrypted while that was allowed.</param>
/// <param name="PlaintextRejected">Unencrypted while that was not allowed; dropped.</param>
public readonly record struct DaveCounters(
    long Opened,
    long Silence,
    long Held,
    long Recovered,
    long JoinGap,
    long Undecryptable,
    long Replayed,
    long NoKey,
    long Passthrough,
    long PlaintextRejected)
{
    /// <summary>The names that the manifest and the recording API carry; zeros are left out.</summary>
    public IReadOnlyDictionary<string, long> ToDictionary()
    {
        (string Name, long Count)[] all =
        [
            ("e2eOpened", Opened), ("e2eSilence", Silence), ("e2eHeld", Held), ("e2eRecovered", Recovered), ("e2eJoinGap", JoinGap),
            ("e2eUndecryptable", Undecryptable), ("e2eReplayed", Replayed), ("e2eNoKey", NoKey), ("e2ePassthrough", Passthrough),
            ("e2ePlaintextRejected", PlaintextRejected),
        ];
        return all.Where(one => one.Count != 0).ToDictionary(one => one.Name, one => one.Count);
    }

    public static DaveCounters operator +(DaveCounters left, DaveCounters right) => Add(left, right);

    public static DaveCounters Add(DaveCounters left, DaveCounters right) => new(
        left.Opened + right.Opened,
        left.Silence + right.Silence,
        left.Held + right.Held,
        left.Recovered + right.Recovered,
        left.JoinGap + right.JoinGap,
        left.Undecryptable + right.Undecryptable,
        left.Replayed + right.Replayed,
        left.NoKey + right.NoKey,
        left.Passthrough + right.Passthrough,
        left.PlaintextRejected + right.PlaintextRejected);
}

/// <summary>The living counters of one user: written by the receiver's one thread, read by anybody.</summary>
internal sealed class UserCounters
{
    private readonly long[] byResult = new long[Enum.GetValues<DaveOpenResult>().Length];
    private long recovered;

    /// <summary>Something of the user became audio in this voice session.</summary>
    public bool HasHeard => Of(DaveOpenResult.Opened) + Of(DaveOpenResult.Passthrough) + Volatile.Read(ref recovered) > 0;

    public void Count(DaveOpenResult result) => Increment(ref byResult[(int)result]);

    public void CountRecovered() => Increment(ref recovered);

    public DaveCounters Read() => new(
        Opened: Of(DaveOpenResult.Opened),
        Silence: Of(DaveOpenResult.Silence),
        Held: Of(DaveOpenResult.Held),
        Recovered: Volatile.Read(ref recovered),
        JoinGap: Of(DaveOpenResult.JoinGap) + Of(DaveOpenResult.RejoinGap),
        Undecryptable: Of(DaveOpenResult.Undecryptable),
        Replayed: Of(DaveOpenResult.Replayed),
        NoKey: Of(DaveOpenResult.NoKey),
        Passthrough: Of(DaveOpenResult.Passthrough),
        PlaintextRejected: Of(DaveOpenResult.PlaintextRejected));

    private long Of(DaveOpenResult result) => Volatile.Read(ref byResult[(int)result]);

    // One writer: a plain add with a release store is enough, and cheaper than an interlocked one.
    private static void Increment(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
