using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Calls;

/// <summary>
/// What keeps audio away from a running recording, a lost connection or a deafened bot: the gap in the recording, and what people hear of
/// it.
/// </summary>
internal sealed class CallGaps(ActiveRecording host, CallMessages messages, TimeProvider time, ILogger log)
{
    private const string Reconnect = "reconnect";
    private const string Deaf = "deafened";

    // A move, a kick and a change of servers begin with the same loss; within so long it is known which it is, or it is over.
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(3);

    private readonly GapReasons reasons = new(host.Recording.Post);
    private long lostAt;
    private long noticedAt;
    private bool isTold = true;

    public bool AreOpen => reasons.IsOpen;

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        reasons.Retry();
        if (!isTold && time.GetElapsedTime(noticedAt) >= TellAfter) TellOfLoss();
    }

    public void OnConnected()
    {
        messages.Panel.Listening();
        reasons.End(Reconnect);
    }

    /// <summary>The connection was lost; people hear of it once, and when it lasts.</summary>
    /// <param name="silentFor">How long nothing had come when it was noticed.</param>
    public void OnLost(string reason, TimeSpan silentFor = default)
    {
        log.CallEvent(host.Session.GuildId, "reconnecting: " + reason);
        messages.Panel.Reconnecting();
        if (!reasons.Begin(Reconnect, silentFor)) return;
        noticedAt = time.GetTimestamp();
        lostAt = noticedAt - (long)(silentFor.TotalSeconds * time.TimestampFrequency);
        isTold = false;
    }

    /// <param name="gap">How long nothing came; null: since it was said to be lost.</param>
    public void OnBack(TimeSpan? gap)
    {
        reasons.End(Reconnect);
        messages.Panel.Listening();
        messages.People.IntroduceAll();
        string text = Texts.Reconnected(gap ?? time.GetElapsedTime(lostAt));
        if (isTold) messages.Say(text);
        else messages.Panel.Note(text);
        isTold = true;
    }

    /// <summary>How it stands, after something of it may not have been told.</summary>
    public void CatchUp(bool isLost, bool isDeafened)
    {
        if (isLost) OnLost("noticed late");
        else if (reasons.Has(Reconnect)) OnBack(null);
        OnDeafened(isDeafened);
    }

    public void OnDeafened(bool deafened)
    {
        if (deafened && reasons.Begin(Deaf))
        {
            messages.Say(Texts.Deafened);
            messages.TellStarter(Texts.Deafened);
        }
        else if (!deafened && reasons.Has(Deaf))
        {
            reasons.End(Deaf);
            messages.Say(Texts.Undeafened);
        }
    }

    private void TellOfLoss()
    {
        isTold = true;
        DateTimeOffset at = time.GetUtcNow() - time.GetElapsedTime(lostAt);
        messages.Say(Texts.Reconnecting(at, Wording.Position(host.Upload.Safe.Sample)));
    }
}
