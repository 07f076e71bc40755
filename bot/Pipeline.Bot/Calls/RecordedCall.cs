using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Calls;

/// <summary>
/// One running recording of a guild: its host, its voice call, its panel, and what people are told about it. Its guild's queue is the only
/// one that calls it, except for <see cref="Call"/>, <see cref="Consent"/>, drawing the <see cref="Panel"/> and introducing people, which
/// any thread may do.
/// </summary>
internal sealed class RecordedCall(ActiveRecording host, VoiceCall call, StartCall start, CallMessages messages, CallConsent consent,
    CallEvents events, CallWarnings warnings) : IAsyncDisposable
{
    public ActiveRecording Host => host;
    public VoiceCall Call => call;
    public StartCall Start => start;
    public CallPeople People => messages.People;
    public CallPanel Panel => messages.Panel;
    public CallMessages Messages => messages;
    public CallConsent Consent => consent;

    /// <summary>What happens in it.</summary>
    public CallEvents Events => events;

    public SessionInfo Session => host.Session;

    /// <summary>Where the bot listens.</summary>
    public ulong ChannelId => People.ChannelId;

    public ulong GuildId => Session.GuildId;

    public bool IsPaused => host.Snapshot.Paused;

    /// <summary>The bot was asked to end it; what Discord says of the call no longer matters.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>How often the call was joined again after it had been given up.</summary>
    public int Rejoins { get; set; }

    /// <summary>The next attempt is on its way; a second one would be in its way.</summary>
    public bool IsRejoinDue { get; set; }

    /// <summary>Audio could be received at some time since this process has the recording.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Done at the end of <see cref="Begin"/>: what people hear only when audio can be received.</summary>
    public Action? Begun { get; set; }

    /// <summary>Why the call could not be joined or kept, for people.</summary>
    public string Failure => VoiceFailure.Explain(call.EndReason, call.CloseCode);

    /// <summary>Audio can be received: names are handed over and people are told, unless this recording only goes on.</summary>
    public void Begin(bool announce)
    {
        HasBegun = true;
        Panel.Begin();
        People.IntroduceAll();
        IReadOnlyList<ulong> people = People.Ids();
        People.WereHere |= people.Count > 0 || !announce;
        if (announce && start.Settings.Announce != AnnounceMode.Name)
        {
            Panel.Note(Texts.Announced(Session.StartedBy, start.Rule));
            messages.Post(Texts.Notice(Session.StartedBy, ChannelId, consent.Mode, start.Rule), messages.ConsentButtons, inCall: true,
                unsaid: () => consent.Notices.Untold(people));
        }
        consent.Notices.Begin(people);
        Begun?.Invoke();
    }

    /// <summary>About once a second.</summary>
    /// <returns>Null, or the words with which the recording should end: everybody has been gone for long enough.</returns>
    public string? Tick()
    {
        consent.HeedSettings();
        events.Tick();
        Panel.Refresh();
        warnings.Look(events.Listens);
        consent.Notices.Tick();
        return IsEnding ? null : warnings.WhyDeserted();
    }

    /// <summary>The connection was lost; people hear of it once.</summary>
    public void OnLost(string reason)
    {
        if (!IsEnding) events.OnLost(reason);
    }

    /// <summary>False: the recording takes no orders at the moment, and nothing has changed.</summary>
    public bool SetPaused(bool paused, ulong by)
    {
        if (!host.Recording.Post(paused ? new RecordingAction.Pause(by) : new RecordingAction.Resume(by))) return false;
        Panel.Note(paused ? Texts.Paused(Wording.User(by)) : Texts.Resumed(Wording.User(by)));
        return true;
    }

    public NoteOutcome AddNote(ulong by, string text)
    {
        NoteOutcome outcome = host.Recording.AddNote(by, text);
        if (outcome == NoteOutcome.Taken) Panel.Note(Texts.SpokenNote(Wording.User(by), Wording.Plain(text, 80)));
        return outcome;
    }

    public void End()
    {
        IsEnding = true;
        Panel.Stopping();
    }

    public async ValueTask DisposeAsync()
    {
        await call.DisposeAsync();
        await Panel.DisposeAsync();
        await messages.DisposeAsync();
    }
}
