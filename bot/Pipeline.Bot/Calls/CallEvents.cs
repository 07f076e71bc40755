using System.Globalization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Dave.Session;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Calls;

/// <summary>What Discord and the voice call tell a running recording, but for its end.</summary>
internal sealed class CallEvents(ActiveRecording host, VoiceCall call, CallMessages messages, CallNotices notices, CallGaps gaps,
    ILogger log)
{
    private readonly CallPeople people = messages.People;
    private readonly CallPanel panel = messages.Panel;
    private readonly EncryptionWatch encryption = new(host.Recording.Post, messages.SayToPeople);
    private readonly UnknownVoices voices = new(host.Recording, text => messages.Say(text), messages.Panel.Note);
    private long missed;

    /// <summary>Audio can come at the moment.</summary>
    public bool Listens => call.State == VoiceCallState.Connected && !gaps.AreOpen;

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        LookForMissed();
        gaps.Tick();
        encryption.Look(call.Encryption.Unannounced);
    }

    public void On(VoiceCallEvent what)
    {
        switch (what)
        {
            case VoiceCallEvent.Connected: gaps.OnConnected(); break;
            case VoiceCallEvent.Reconnecting lost: gaps.OnLost(lost.Reason, lost.SilentFor); break;
            case VoiceCallEvent.Reconnected back: gaps.OnBack(back.Gap); break;
            case VoiceCallEvent.Moved moved when moved.ChannelId != people.ChannelId: OnMoved(moved.ChannelId); break;
            case VoiceCallEvent.Deafened deafened: gaps.OnDeafened(deafened.IsDeafened); break;
            case VoiceCallEvent.UserJoined joined: people.Introduce(joined.UserId); break;
            case VoiceCallEvent.UserLeft left: host.Recording.UserLeft(left.UserId); break;
            case VoiceCallEvent.SourceUnnamed source: OnUnnamed(source.Ssrc); break;
            case VoiceCallEvent.SourceNamed source: voices.OnNamed(source.Ssrc, source.UserId, people.NameOf(source.UserId)); break;
            case VoiceCallEvent.UserHealth counted: voices.Look(counted.Health); break;
            case VoiceCallEvent.PrivacyCode code: OnPrivacyCode(code.Code); break;
            case VoiceCallEvent.Protection protection: encryption.OnChanged(protection.State); break;
            case VoiceCallEvent.EncryptionBroken: messages.Say(Texts.EncryptionBroken); break;
            default: break;
        }
    }

    /// <summary>
    /// Somebody may have come, or the bot was moved: the recording knows whom it may hear when this returns. Any thread.
    /// </summary>
    public void Introduce(VoiceState state)
    {
        if (state.UserId == people.SelfId) people.IntroduceAll(state.ChannelId);
        else if (state.ChannelId == people.ChannelId || state.ChannelId == people.OwnChannelId) people.Introduce(state.UserId);
    }

    /// <summary>Another person's voice state, once they are introduced.</summary>
    public void OnVoiceState(VoiceState state, VoiceState? previous)
    {
        bool isHere = state.ChannelId == people.ChannelId;
        bool wasHere = previous?.ChannelId == people.ChannelId;
        if (isHere && !wasHere && !people.IsBot(state.UserId)) notices.Joined(state.UserId);
        if (wasHere && !isHere) host.Recording.UserLeft(state.UserId);
    }

    /// <inheritdoc cref="CallGaps.OnLost"/>
    public void OnLost(string reason) => gaps.OnLost(reason);

    /// <summary>The connection is back.</summary>
    public void OnBack() => gaps.OnBack(null);

    /// <summary>Looks at everybody who is in the call, after somebody's coming may have been missed.</summary>
    public void CatchUp()
    {
        people.IntroduceAll();
        foreach (ulong person in people.Ids()) notices.Joined(person);
    }

    // What the voice call could not hand over may have been anything: how it stands now is taken instead.
    private void LookForMissed()
    {
        long now = call.Missed;
        if (now == missed) return;
        missed = now;
        log.RecorderQueueFull(host.Session.GuildId, "voice");
        if (call.ChannelId != people.ChannelId) OnMoved(call.ChannelId);
        else CatchUp();
        gaps.CatchUp(call.IsLost, call.IsDeafened);
        encryption.OnChanged(call.Protection);
        OnPrivacyCode(call.Encryption.PrivacyCode is { Length: > 0 } code ? code : null);
        foreach (uint ssrc in voices.Unheeded()) OnUnnamed(ssrc);
    }

    private void OnUnnamed(uint ssrc) => voices.OnUnnamed(ssrc, isOpen: call.Encryption.Protection == DaveProtection.Unencrypted);

    private void OnPrivacyCode(string? code) => host.PrivacyCode = panel.PrivacyCode = code;

    private void OnMoved(ulong channelId)
    {
        ulong before = people.ChannelId;
        people.ChannelId = channelId;
        host.GoOnIn(channelId);
        host.Properties[ManifestProperties.VoiceChannel] = channelId.ToString(CultureInfo.InvariantCulture);
        messages.Say(panel.TryWithholdLink(before) ? Texts.MovedOutOfReach(channelId) : Texts.Moved(channelId), messages.StopButton);
        CatchUp();
    }
}
