namespace Pipeline.Bot.Capture;

/// <summary>
/// The pause that runs, or the last one that ran, in timestamps. A frame is judged by its arrival: one that waited for its
/// key through the end of a pause is still off the record, one from before it is not.
/// </summary>
internal sealed class OffTheRecord
{
    private long until = long.MinValue;

    /// <summary>Any thread.</summary>
    public bool IsOn => Volatile.Read(ref until) == long.MaxValue;

    public long Since { get; private set; } = long.MaxValue;
    public long Until => until;

    public bool Covers(long receivedAt) => receivedAt >= Since && receivedAt < until;

    /// <summary>False: it runs already.</summary>
    public bool Begin(long now)
    {
        if (IsOn) return false;
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
