namespace Pipeline.Discord.Media;

/// <summary>
/// Notices that the media server is gone although the gateway lives: once it has echoed keepalives, in this session or an earlier one
/// of the call, their absence together with that of everything else means a dead path. A server that never echoes is never suspected.
/// </summary>
internal sealed class MediaPathWatch(TimeSpan limit, bool echoesExpected, TimeProvider time)
{
    private readonly long since = time.GetTimestamp();
    private long lastHeardAt;

    /// <summary>Timestamp of the last datagram that tells of a living path; of the beginning before the first.</summary>
    public long SilentSince => Math.Max(since, lastHeardAt);

    /// <param name="heardAt">Arrival of the last datagram but for answers to address discovery; 0 before the first.</param>
    /// <param name="keepaliveEchoes">So many were echoes.</param>
    public bool IsDead(long heardAt, long keepaliveEchoes) => IsSilentFor(limit, heardAt, keepaliveEchoes);

    /// <summary>
    /// Nothing has come for longer than an echo takes: a session that ends now has heard nothing since this timestamp. Null: it has heard
    /// all the time, as far as can be told.
    /// </summary>
    /// <param name="patience">Between two keepalives, and the way there and back.</param>
    public long? OverdueSince(TimeSpan patience, long heardAt, long keepaliveEchoes) =>
        IsSilentFor(patience < limit ? patience : limit, heardAt, keepaliveEchoes) ? SilentSince : null;

    private bool IsSilentFor(TimeSpan longest, long heardAt, long keepaliveEchoes)
    {
        lastHeardAt = Math.Max(lastHeardAt, heardAt);
        return (keepaliveEchoes > 0 || echoesExpected) && time.GetElapsedTime(SilentSince) > longest;
    }
}
