namespace Pipeline.Discord.Media;

/// <summary>
/// Notices that the media server is gone although the gateway lives: once it has echoed keepalives, their absence together with that of
/// everything else means a dead path. A server that never echoes is never suspected.
/// </summary>
internal sealed class MediaPathWatch(TimeSpan limit, TimeProvider time)
{
    private long seen;
    private long changedAt = time.GetTimestamp();

    public bool IsDead(long datagrams, long keepaliveEchoes)
    {
        if (datagrams == seen) return keepaliveEchoes > 0 && time.GetElapsedTime(changedAt) > limit;
        seen = datagrams;
        changedAt = time.GetTimestamp();
        return false;
    }
}
