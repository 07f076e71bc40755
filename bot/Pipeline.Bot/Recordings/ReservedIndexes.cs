using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// Which segment indexes the stored manifest has set apart for us. An index is used in the temp container only after that, so that an
/// owner who knows nothing but that manifest never meets ours. Capture never waits for this: only uploads do. Any thread.
/// </summary>
internal sealed class ReservedIndexes(SessionManifest first)
{
    /// <summary>
    /// Indexes that every stored manifest sets apart beyond those in use: 64 segments of 10 s are more than ten minutes of speech.
    /// </summary>
    public const int Ahead = 64;

    /// <summary>Where the leftovers of an owner go whose recording went on elsewhere: nobody counts up to here.</summary>
    public const int Leftovers = 1_000_000;

    private State state = new(first, IsLost: false, IsWanted: false, NewChange());

    /// <summary>An upload waits for a manifest that reserves its index.</summary>
    public bool IsWanted => Volatile.Read(ref state).IsWanted;

    /// <summary>Another bot goes on with the recording: what is not reserved is not ours.</summary>
    public bool IsLost => Volatile.Read(ref state).IsLost;

    /// <summary>Some manifest of ours has reached the temp container: it reserved indexes.</summary>
    public bool WasStored => Volatile.Read(ref state).Stored.Tracks.Any(track => track.NextFreeIndex > 0);

    /// <summary>Called when <see cref="IsWanted"/> becomes true; must not block.</summary>
    public Action? Wanted { get; set; }

    /// <summary>First index of the track that is not set apart.</summary>
    public int Of(ulong userId) => Of(Volatile.Read(ref state), userId);

    /// <summary>The manifest is in the temp container; uploads that waited for it go on.</summary>
    public void Stored(SessionManifest manifest) => Swap(now => new State(manifest, now.IsLost, IsWanted: false, NewChange()));

    /// <summary>Another bot has the lease: uploads that wait learn it.</summary>
    public void Lost() => Swap(static now => new State(now.Stored, IsLost: true, IsWanted: false, NewChange()));

    /// <summary>The recording is ours again; <paramref name="elsewhere"/> is what its last owner stored, null when that was us.</summary>
    public void TakeOver(SessionManifest? elsewhere) =>
        Swap(now => now with { Stored = elsewhere ?? now.Stored, IsLost = false });

    /// <summary>Uploads that wait look again at what else they wait for.</summary>
    public void Wake() => Swap(static now => now with { Changed = NewChange() });

    /// <summary>
    /// Waits until a stored manifest reserves the index, or until <paramref name="isSettled"/> says that this no longer matters. False:
    /// another bot has the recording, the index is not ours.
    /// </summary>
    public async Task<bool> WaitAsync(SegmentKey key, Func<bool> isSettled, CancellationToken cancel)
    {
        while (key.Index < Leftovers)
        {
            State now = Volatile.Read(ref state);
            if (key.Index < Of(now, key.UserId) || isSettled()) return true;
            if (now.IsLost) return false;
            if (!now.IsWanted && !ReferenceEquals(Interlocked.CompareExchange(ref state, now with { IsWanted = true }, now), now)) continue;
            Wanted?.Invoke();
            await now.Changed.Task.WaitAsync(cancel);
        }
        return true;
    }

    private static int Of(State now, ulong userId) => now.Stored.Tracks.FirstOrDefault(track => track.UserId == userId)?.NextFreeIndex ?? 0;

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Swap(Func<State, State> next)
    {
        State before, after;
        do
        {
            before = Volatile.Read(ref state);
            after = next(before);
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref state, after, before), before));
        if (after.Changed != before.Changed) before.Changed.TrySetResult();
    }

    /// <param name="Stored">The manifest that is in the temp container.</param>
    /// <param name="Changed">Completes when another state says more about reservations.</param>
    private sealed record State(SessionManifest Stored, bool IsLost, bool IsWanted, TaskCompletionSource Changed);
}
