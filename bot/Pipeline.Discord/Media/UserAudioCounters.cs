namespace Pipeline.Discord.Media;

/// <summary>
/// What became of one user's packets in one voice session. Written by the one thread of <see cref="MediaPath"/>, read by anybody.
/// </summary>
internal sealed class UserAudioCounters(ulong userId)
{
    private long frames;
    private long silence;
    private long held;
    private long undecryptable;
    private long refused;

    public ulong UserId { get; } = userId;

    /// <summary>Arrival of the last frame that is no silence marker. That thread only.</summary>
    public long SpokeAt { get; private set; } = long.MinValue;

    public void CountFrame(bool isSilence, bool wasHeld, long receivedAt)
    {
        Increment(ref frames);
        if (isSilence) Increment(ref silence);
        else SpokeAt = receivedAt;
        if (wasHeld) Increment(ref held);
    }

    public void CountUndecryptable() => Increment(ref undecryptable);

    public void CountRefused() => Increment(ref refused);

    public UserAudioHealth Read() => new(
        UserId, Volatile.Read(ref frames), Volatile.Read(ref silence), Volatile.Read(ref held), Volatile.Read(ref undecryptable),
            Volatile.Read(ref refused));

    // One writer: a plain read is its own last value.
    private static void Increment(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
