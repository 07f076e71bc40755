namespace Pipeline.Bot.Capture;

/// <summary>What happened to one user's packets so far. All values only grow.</summary>
internal readonly record struct TrackHealth
{
    /// <summary>Packets that came, of whatever worth.</summary>
    public long Received { get; init; }

    /// <summary>Packets missing by sequence number that never came in time.</summary>
    public long Lost { get; init; }

    /// <summary>Packets that came after their place had been filled.</summary>
    public long Late { get; init; }

    public long Duplicate { get; init; }

    /// <summary>Packets that came before an earlier one and were put in order.</summary>
    public long Reordered { get; init; }

    /// <summary>Missing frames that the decoder made up.</summary>
    public long Concealed { get; init; }

    /// <summary>Missing frames that the next packet was asked for (in-band FEC, RFC 6716 §2.1.7).</summary>
    public long Recovered { get; init; }

    /// <summary>Packets that are no Opus.</summary>
    public long Corrupt { get; init; }

    /// <summary>Packets whose end-to-end encryption could not be opened.</summary>
    public long Undecryptable { get; init; }

    /// <summary>Frames not stored because there was no room.</summary>
    public long SpoolDropped { get; init; }

    /// <summary>Frames not stored because the user, or everybody, was off the record.</summary>
    public long Withheld { get; init; }

    /// <summary>New RTP sources or bases.</summary>
    public long Epochs { get; init; }

    /// <summary>Times the RTP clock was set again against the arrival clock within one source.</summary>
    public long Reanchored { get; init; }

    /// <summary>Single samples put in or taken out to follow the sender's clock.</summary>
    public long Slipped { get; init; }

    /// <summary>
    /// Packets without audio for us, which took a sequence number: padding, zeros, what was sent before we were in the encrypted group.
    /// Not among those received.
    /// </summary>
    public long Empty { get; init; }

    /// <summary>The names that the manifest and the recording API carry; zeros are left out except for received and lost.</summary>
    public IReadOnlyDictionary<string, long> ToDictionary()
    {
        Dictionary<string, long> named = new() { ["received"] = Received, ["lost"] = Lost };
        AddUnlessZero("late", Late);
        AddUnlessZero("duplicate", Duplicate);
        AddUnlessZero("reordered", Reordered);
        AddUnlessZero("concealed", Concealed);
        AddUnlessZero("recovered", Recovered);
        AddUnlessZero("corrupt", Corrupt);
        AddUnlessZero("undecryptable", Undecryptable);
        AddUnlessZero("spoolDropped", SpoolDropped);
        AddUnlessZero("withheld", Withheld);
        AddUnlessZero("epochs", Epochs);
        AddUnlessZero("reanchored", Reanchored);
        AddUnlessZero("slipped", Slipped);
        AddUnlessZero("empty", Empty);
        return named;

        void AddUnlessZero(string name, long value)
        {
            if (value != 0) named.Add(name, value);
        }
    }
}

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
