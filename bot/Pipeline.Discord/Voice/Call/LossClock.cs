using System.Threading.Channels;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// Since when a call hears nothing, and when it hears again. A loss begins with the last datagram, not when it is noticed; after a dead
/// media path a live session alone is no proof: something has to come. Call loop only, but for
/// <see cref="IsLost"/>.
/// </summary>
internal sealed class LossClock(TimeProvider time, ChannelWriter<VoiceCallEvent> events)
{
    private long? lostAt;
    private bool awaitsMedia;
    private volatile bool isLost;

    /// <summary>The call's server echoes keepalives, so that their absence means something in its next session too.</summary>
    public bool ExpectsEchoes { get; private set; }

    /// <summary>A loss was told, and its end was not. Any thread.</summary>
    public bool IsLost => isLost;

    /// <summary>The call begins.</summary>
    public void Forget() => (lostAt, isLost, awaitsMedia, ExpectsEchoes) = (null, false, false, false);

    public void OnEnded(VoiceSessionEnd end)
    {
        ExpectsEchoes |= end.HasEchoed;
        awaitsMedia |= end.SilentSince is not null;
    }

    /// <summary>Tells that audio is lost from now on, or from an earlier moment on; once until it is back.</summary>
    /// <param name="reason">For people.</param>
    /// <param name="silentSince">When the last datagram came, if that was before now.</param>
    public void Begin(string reason, long? silentSince)
    {
        if (lostAt is not null) return;
        (lostAt, isLost) = (silentSince ?? time.GetTimestamp(), true);
        events.TryWrite(new VoiceCallEvent.Reconnecting(reason) { SilentFor = time.GetElapsedTime(lostAt.Value) });
    }

    /// <summary>A session is live in this channel.</summary>
    public void OnLive(ulong channelId)
    {
        if (awaitsMedia) return;
        if (lostAt is { } since) events.TryWrite(new VoiceCallEvent.Reconnected(channelId, time.GetElapsedTime(since)));
        (lostAt, isLost) = (null, false);
    }

    /// <summary>The session's first datagram came.</summary>
    public void OnMediaHeard(ulong channelId, bool isLive)
    {
        awaitsMedia = false;
        if (isLive) OnLive(channelId);
    }
}
