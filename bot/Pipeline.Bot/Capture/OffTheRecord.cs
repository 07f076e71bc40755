namespace Pipeline.Bot.Capture;

/// <summary>
/// The pause that runs, or the last one that ran, and those just before, in timestamps. A frame is judged by its arrival: one that waited
/// for its key through the end of a pause is still off the record, one from before it is not.
/// </summary>
internal sealed class OffTheRecord
{
    // Far more than people can begin while a frame waits, which is two seconds.
    private const int Remembered = 64;

    private readonly Queue<(long Since, long Until)> earlier = [];
    private long until = long.MinValue;

    /// <summary>Any thread.</summary>
    public bool IsOn => Volatile.Read(ref until) == long.MaxValue;

    public long Since { get; private set; } = long.MaxValue;
    public long Until => until;

    public bool Covers(long receivedAt)
    {
        if (receivedAt >= Since) return receivedAt < until;
        foreach ((long since, long end) in earlier)
        {
            if (receivedAt >= since && receivedAt < end) return true;
        }
        return false;
    }

    /// <summary>False: it runs already.</summary>
    public bool Begin(long now)
    {
        if (IsOn) return false;
        if (earlier.Count == Remembered) earlier.Dequeue();
        earlier.Enqueue((Since, until));
        Since = now;
        Volatile.Write(ref until, long.MaxValue);
        return true;
    }

    /// <summary>False: none runs.</summary>
    public bool End(long now)
    {
        if (!IsOn) return false;
        Volatile.Write(ref until, now);
        return true;
    }
}
