namespace Pipeline.Dave.Session;

/// <summary>Two times: until when unencrypted frames are accepted, and until when unopenable ones are a join gap.</summary>
internal sealed class ReceiveWindows(TimeProvider time)
{
    /// <summary>Unencrypted frames are still accepted for this long after encryption was switched on.</summary>
    public static readonly TimeSpan PassthroughTail = TimeSpan.FromSeconds(10);

    /// <summary>Senders stay on the epoch before ours until the switch-over, which comes within about 2 s; then their last frames arrive.</summary>
    public static readonly TimeSpan JoinGapTail = TimeSpan.FromSeconds(2);

    /// <summary>Without a switch-over a join gap ends here.</summary>
    public static readonly TimeSpan MaxJoinGap = TimeSpan.FromSeconds(10);

    public long PassthroughUntil { get; private set; } = long.MaxValue;

    public long JoinGapUntil { get; private set; } = long.MinValue;

    public bool IsPassthroughOpen => PassthroughUntil == long.MaxValue;

    /// <summary>Senders may stop to encrypt at any time from here on.</summary>
    public void OpenPassthrough() => PassthroughUntil = long.MaxValue;

    /// <summary>Senders encrypt from here on; what is under way arrives within the tail. A window that is closing already goes on closing.</summary>
    public void ClosePassthrough()
    {
        if (IsPassthroughOpen) PassthroughUntil = In(PassthroughTail);
    }

    /// <summary>A call that is encrypted from the start.</summary>
    public void ForbidPassthrough() => PassthroughUntil = long.MinValue;

    public void BeginJoinGap() => JoinGapUntil = In(MaxJoinGap);

    public void EndJoinGap() => JoinGapUntil = Math.Min(JoinGapUntil, In(JoinGapTail));

    private long In(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
