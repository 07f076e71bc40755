namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// The times at which we asked the main gateway to leave and have not been told that we left. Leaving in order to join again may be told
/// when
/// the answers to the join are there already; only what we did not ask for is a kick. One owner.
/// </summary>
internal sealed class OwnLeaves(TimeProvider time)
{
    // Discord tells nothing when we were not in a channel: what has not come by then does not come.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly Queue<long> sent = [];

    public void Sent() => sent.Enqueue(time.GetTimestamp());

    /// <summary>True when this is the answer to one of them.</summary>
    public bool TakeEcho()
    {
        while (sent.TryDequeue(out long at))
        {
            if (time.GetElapsedTime(at) < Window) return true;
        }
        return false;
    }
}
