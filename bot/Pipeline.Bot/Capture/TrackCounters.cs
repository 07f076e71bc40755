namespace Pipeline.Bot.Capture;

/// <summary>Counts one track's packets. Written by the tick's thread; <see cref="Read"/> by any.</summary>
internal sealed class TrackCounters
{
    public long Received;
    public long Lost;
    public long Late;
    public long Duplicate;
    public long Reordered;
    public long Concealed;
    public long Recovered;
    public long Corrupt;
    public long Undecryptable;
    public long SpoolDropped;
    public long Withheld;
    public long Epochs;
    public long Reanchored;
    public long Slipped;
    public long Empty;

    public TrackHealth Read() => new()
    {
        Received = Volatile.Read(ref Received),
        Lost = Volatile.Read(ref Lost),
        Late = Volatile.Read(ref Late),
        Duplicate = Volatile.Read(ref Duplicate),
        Reordered = Volatile.Read(ref Reordered),
        Concealed = Volatile.Read(ref Concealed),
        Recovered = Volatile.Read(ref Recovered),
        Corrupt = Volatile.Read(ref Corrupt),
        Undecryptable = Volatile.Read(ref Undecryptable),
        SpoolDropped = Volatile.Read(ref SpoolDropped),
        Withheld = Volatile.Read(ref Withheld),
        Epochs = Volatile.Read(ref Epochs),
        Reanchored = Volatile.Read(ref Reanchored),
        Slipped = Volatile.Read(ref Slipped),
        Empty = Volatile.Read(ref Empty),
    };
}
