using System.Globalization;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>What the voice call tells a running recording, but for its end: the gaps in the audio, and what people hear of it.</summary>
internal sealed class CallEvents(RecorderServices services, ActiveRecording host, VoiceCall call, CallPanel panel, CallPeople people,
    CallMessages messages, CallNotices notices)
{
    private const string Reconnect = "reconnect";
    private const string Deaf = "deafened";

    // A move, a kick and a change of servers begin with the same loss; within so long it is known which it is, or it is over.
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(3);

    private readonly GapReasons gaps = new(host.Recording.Post);
    private readonly EncryptionWatch encryption = new(host.Recording.Post, messages.SayToPeople);
    private readonly UnknownVoices voices = new(host.Recording, text => messages.Say(text), panel.Note);
    private long lostAt;
    private long noticedAt;
    private bool isTold = true;

    /// <summary>Audio can come at the moment.</summary>
    public bool Listens => call.State == VoiceCallState.Connected && !gaps.IsOpen;

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        gaps.Retry();
        if (!isTold && services.Time.GetElapsedTime(noticedAt) >= TellAfter) TellOfLoss();
        encryption.Look(call.Encryption.Unannounced);
    }

    public void On(VoiceCallEvent what)
    {
        switch (what)
        {
            case VoiceCallEvent.Connected: panel.Listening(); gaps.End(Reconnect); break;
            case VoiceCallEvent.Reconnecting lost: OnLost(lost.Reason, lost.SilentFor); break;
            case VoiceCallEvent.Reconnected back: OnBack(back.Gap); break;
            case VoiceCallEvent.Moved moved: OnMoved(moved.ChannelId); break;
            case VoiceCallEvent.Deafened deafened: OnDeafened(deafened.IsDeafened); break;
            case VoiceCallEvent.UserJoined joined: people.Introduce(joined.UserId); break;
            case VoiceCallEvent.UserLeft left: host.Recording.UserLeft(left.UserId); break;
            case VoiceCallEvent.SourceUnnamed source: voices.OnUnnamed(source.Ssrc); break;
            case VoiceCallEvent.SourceNamed source: voices.OnNamed(source.Ssrc, source.UserId, people.NameOf(source.UserId)); break;
            case VoiceCallEvent.PrivacyCode code: host.PrivacyCode = panel.PrivacyCode = code.Code; break;
            case VoiceCallEvent.Protection protection: encryption.OnChanged(protection.State); break;
            case VoiceCallEvent.EncryptionBroken: messages.Say(Texts.EncryptionBroken); break;
            default: break;
        }
    }

    /// <summary>The connection was lost; people hear of it once, and when it lasts.</summary>
    /// <param name="silentFor">How long nothing had come when it was noticed.</param>
    public void OnLost(string reason, TimeSpan silentFor = default)
    {
        services.Log.CallEvent(host.Session.GuildId, "reconnecting: " + reason);
        panel.Reconnecting();
        if (!gaps.Begin(Reconnect, silentFor)) return;
        noticedAt = services.Time.GetTimestamp();
        lostAt = noticedAt - (long)(silentFor.TotalSeconds * services.Time.TimestampFrequency);
        isTold = false;
    }

    /// <param name="gap">How long nothing came; null: since it was said to be lost.</param>
    public void OnBack(TimeSpan? gap)
    {
        gaps.End(Reconnect);
        panel.Listening();
        people.IntroduceAll();
        string text = Texts.Reconnected(gap ?? services.Time.GetElapsedTime(lostAt));
        if (isTold) messages.Say(text);
        else panel.Note(text);
        isTold = true;
    }

    private void TellOfLoss()
    {
        isTold = true;
        DateTimeOffset at = services.Time.GetUtcNow() - services.Time.GetElapsedTime(lostAt);
        messages.Say(Texts.Reconnecting(at, Wording.Position(host.Upload.Safe.Sample)));
    }

    /// <summary>Looks at everybody who is in the call, after somebody's coming may have been missed.</summary>
    public void CatchUp()
    {
        people.IntroduceAll();
        foreach (ulong person in people.Ids()) notices.Joined(person);
    }

    private void OnMoved(ulong channelId)
    {
        people.ChannelId = channelId;
        host.Properties[ManifestProperties.VoiceChannel] = channelId.ToString(CultureInfo.InvariantCulture);
        messages.Say(Texts.Moved(channelId), messages.StopButton);
        CatchUp();
    }

    private void OnDeafened(bool deafened)
    {
        if (deafened && gaps.Begin(Deaf))
        {
            messages.Say(Texts.Deafened);
            messages.TellStarter(Texts.Deafened);
        }
        else if (!deafened && gaps.IsOpen)
        {
            gaps.End(Deaf);
            messages.Say(Texts.Undeafened);
        }
    }
}
