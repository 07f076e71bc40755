namespace Pipeline.Dave.Session;

/// <summary>
/// Until when unencrypted frames are accepted, and until when unopenable ones are a join gap. Without a limit they are accepted only
/// while the call has no encryption in force; every switch-over that is announced or awaited has seconds.
/// </summary>
internal sealed class ReceiveWindows(TimeProvider time)
{
    /// <summary>Unencrypted frames are still accepted for this long after encryption was switched on.</summary>
    public static readonly TimeSpan PassthroughTail = TimeSpan.FromSeconds(10);

    /// <summary>The gateway executes an announced switch-over after about 2 s; one that takes longer than this is not coming.</summary>
    public static readonly TimeSpan SwitchPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Senders stay on the epoch before ours until the switch-over, which comes within about 2 s; then their last frames arrive.
    /// </summary>
    public static readonly TimeSpan JoinGapTail = TimeSpan.FromSeconds(2);

    /// <summary>Without a switch-over a join gap ends here.</summary>
    public static readonly TimeSpan MaxJoinGap = TimeSpan.FromSeconds(10);

    private Switch awaited = Switch.None;

    private enum Switch
    {
        /// <summary>None is due: the window stands open without limit, closes by itself, or is closed.</summary>
        None,

        /// <summary>Op 21 with version 0 came, its execution did not.</summary>
        Downgrade,

        /// <summary>As before, and its time is over; another announcement opens nothing until something has changed.</summary>
        LapsedDowngrade,

        /// <summary>A plain call has a group, and waits for the execution that puts it in force.</summary>
        Upgrade,
    }

    public long PassthroughUntil { get; private set; } = long.MaxValue;

    public long JoinGapUntil { get; private set; } = long.MinValue;

    private bool IsUnlimited => PassthroughUntil == long.MaxValue;

    /// <summary>The call is not encrypted: senders need no key.</summary>
    public void OpenPassthrough() => (PassthroughUntil, awaited) = (long.MaxValue, Switch.None);

    /// <summary>Senders may stop to encrypt from here on, for as long as an execution can take. False: nothing is opened.</summary>
    public bool AnnounceDowngrade()
    {
        if (IsUnlimited || awaited is Switch.Downgrade or Switch.LapsedDowngrade) return false;
        PassthroughUntil = Math.Max(PassthroughUntil, In(SwitchPatience));
        awaited = Switch.Downgrade;
        return true;
    }

    /// <summary>True once, when an announced downgrade has run out of time.</summary>
    public bool TakeLapse()
    {
        if (time.GetTimestamp() < PassthroughUntil || awaited is not (Switch.Downgrade or Switch.Upgrade)) return false;
        bool wasDowngrade = awaited == Switch.Downgrade;
        awaited = wasDowngrade ? Switch.LapsedDowngrade : Switch.None;
        return wasDowngrade;
    }

    /// <summary>
    /// A group's next epoch is there. In a call that was plain until now senders switch when it is executed, and then have their tail.
    /// </summary>
    public void OnEpoch()
    {
        if (awaited == Switch.LapsedDowngrade) awaited = Switch.None;
        if (!IsUnlimited) return;
        PassthroughUntil = In(SwitchPatience + PassthroughTail);
        awaited = Switch.Upgrade;
    }

    /// <summary>
    /// Senders encrypt from here on; what is under way arrives within the tail. A window that is closing already goes on closing.
    /// </summary>
    public void ClosePassthrough()
    {
        if (IsUnlimited || awaited == Switch.Upgrade) PassthroughUntil = Math.Min(PassthroughUntil, In(PassthroughTail));
        if (awaited == Switch.Upgrade) awaited = Switch.None;
    }

    /// <summary>A call that is encrypted from the start.</summary>
    public void ForbidPassthrough() => (PassthroughUntil, awaited) = (long.MinValue, Switch.None);

    public void BeginJoinGap() => JoinGapUntil = In(MaxJoinGap);

    public void EndJoinGap() => JoinGapUntil = Math.Min(JoinGapUntil, In(JoinGapTail));

    /// <summary>Whether unencrypted frames are audio only when a member of the group sends them.</summary>
    public bool IsForMembers(bool anyKeys) => !IsUnlimited && (anyKeys || awaited == Switch.Downgrade);

    /// <summary>What people may be told.</summary>
    public DaveProtection Protection(bool isInGroup) => awaited switch
    {
        Switch.Downgrade => DaveProtection.DowngradeAnnounced,
        Switch.Upgrade => DaveProtection.Unencrypted,
        _ when IsUnlimited => DaveProtection.Unencrypted,
        _ => isInGroup ? DaveProtection.EndToEnd : DaveProtection.Pending,
    };

    private long In(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
