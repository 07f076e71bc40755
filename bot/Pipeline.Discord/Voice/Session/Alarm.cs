namespace Pipeline.Discord.Voice.Session;

/// <summary>One thing that becomes due. The control loop asks; nothing fires by itself.</summary>
internal sealed class Alarm(TimeProvider time)
{
    private long setAt;
    private TimeSpan? delay;

    /// <summary>Null when not set; zero or less when due.</summary>
    public TimeSpan? Remaining => delay - time.GetElapsedTime(setAt);

    public void Set(TimeSpan after)
    {
        setAt = time.GetTimestamp();
        delay = after;
    }

    public void Clear() => delay = null;

    /// <summary>True once per setting, when the time has come.</summary>
    public bool TakeIfDue()
    {
        if (Remaining is not { } remaining || remaining > TimeSpan.Zero) return false;
        delay = null;
        return true;
    }
}
