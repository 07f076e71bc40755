using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// One running recording of a guild: its host, its voice call, its panel, and what people are told about it. Its guild's queue is the only
/// one that calls it, except for <see cref="Call"/> and drawing the <see cref="Panel"/>, which any thread may do.
/// </summary>
internal sealed class RecordedCall : IAsyncDisposable
{
    private readonly RecorderServices services;
    private readonly CallWarnings warnings;
    private readonly CallNotices notices;
    private readonly CallEvents events;
    private IReadOnlyList<ulong> heeded = [];
    private long askedAt;
    private long missed;
    private long? emptySince;

    internal RecordedCall(RecorderServices services, ActiveRecording host, VoiceCall call, StartCall start, PostedPanel? posted)
    {
        (this.services, Host, Call, Start) = (services, host, call, start);
        People = new CallPeople(services.Gateway, services.Capture, host.Recording, start.Guild.Id, start.Channel.Id);
        Panel = new CallPanel(services, host, call, People, posted);
        Messages = new CallMessages(services.Rest, Panel, People, start, host, services.Time, services.Log);
        notices = new CallNotices(
            host.Recording.Consent.IsOptedOut,
            users => Messages.Say(Texts.OptedOut(users)),
            users => Messages.Say(ConsentTexts.Late(users, Mode), Messages.ConsentButtons, inCall: true, ping: users),
            services.Time);
        warnings = new CallWarnings(services.Options, services.Capture, host, People, Messages);
        events = new CallEvents(services, host, call, Panel, People, Messages, notices);
        host.MoreHealth = userId => call.EncryptionCountersOf(userId).ToDictionary();
    }

    public ActiveRecording Host { get; }
    public VoiceCall Call { get; }
    public StartCall Start { get; }
    public CallPeople People { get; }
    public CallPanel Panel { get; }
    public CallMessages Messages { get; }
    public SessionInfo Session => Host.Session;

    /// <summary>Where the bot listens.</summary>
    public ulong ChannelId => People.ChannelId;

    public ulong GuildId => Session.GuildId;

    public bool IsPaused => Host.Snapshot.Paused;

    /// <summary>The bot was asked to end it; what Discord says of the call no longer matters.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Somebody was in the call at some time.</summary>
    public bool HadPeople { get; private set; }

    /// <summary>How often the call was joined again after it had been given up.</summary>
    public int Rejoins { get; set; }

    /// <summary>The next attempt is on its way; a second one would be in its way.</summary>
    public bool IsRejoinDue { get; set; }

    /// <summary>Audio can be received: names are handed over and people are told, unless this recording only goes on.</summary>
    internal void Begin(bool announce)
    {
        Panel.Listening();
        services.Links.Begin(Session.RecordingId);
        People.IntroduceAll();
        IReadOnlyList<ulong> people = People.Ids();
        HadPeople |= people.Count > 0 || !announce;
        if (announce && Start.Settings.Announce != AnnounceMode.Name)
        {
            Messages.Say(Texts.Notice(Session.StartedBy, ChannelId, Mode, Start.Rule), Messages.ConsentButtons, inCall: true,
                line: Texts.Announced(Session.StartedBy, Start.Rule));
        }
        notices.Begin(people);
    }

    /// <summary>About once a second. True: everybody has been gone for long enough, and the recording should end.</summary>
    internal bool Tick()
    {
        HeedSettings();
        LookForMissed();
        events.Tick();
        Panel.Refresh();
        warnings.Look(events.Listens);
        notices.Tick();
        return IsDeserted();
    }

    /// <summary>Another person's voice state.</summary>
    internal void OnVoiceState(VoiceState state, VoiceState? previous)
    {
        bool isHere = state.ChannelId == ChannelId;
        bool wasHere = previous?.ChannelId == ChannelId;
        if (isHere) People.Introduce(state.UserId);
        if (isHere && !wasHere && !People.IsBot(state.UserId)) notices.Joined(state.UserId);
        if (wasHere && !isHere) Host.Recording.UserLeft(state.UserId);
    }

    /// <summary>What the voice call says, but for its end.</summary>
    internal void OnCallEvent(VoiceCallEvent what) => events.On(what);

    /// <summary>The connection was lost; people hear of it once.</summary>
    internal void OnLost(string reason)
    {
        if (!IsEnding) events.OnLost(reason);
    }

    /// <summary>It is back.</summary>
    internal void OnBack() => events.OnBack(null);

    /// <summary>Looks at everybody who is in the call, after somebody's coming may have been missed.</summary>
    internal void CatchUp() => events.CatchUp();

    /// <summary>How people are asked, as it was when the recording started.</summary>
    public ConsentMode Mode => ConsentModes.FromWord(Host.Ledger?.Mode);

    /// <summary>Somebody agrees. Any thread.</summary>
    internal string Agree(ulong userId)
    {
        if (!Host.Recording.Consent.DemandsAgreement) return ConsentTexts.NothingToAgree;
        if (IsErased(userId)) return ConsentTexts.ErasedBefore;
        if (Host.Recording.Consent.IsOptedOut(userId)) return ConsentTexts.OptedOutBefore;
        return Host.Agree(Entry(userId, ConsentEntry.Agreed, ConsentTexts.AgreeButton), ConsentTexts.Of(Mode)) ? ConsentTexts.AgreedNow
            : ConsentTexts.AgreedBefore;
    }

    /// <summary>Nothing of this person is in this recording any more, nor will be. Any thread.</summary>
    public bool IsErased(ulong userId) => Host.Ledger?.Erased().Contains(userId) == true;

    /// <summary>Any thread.</summary>
    internal void Erase(ulong userId, string button)
    {
        Host.SetOptOut(userId, optedOut: true);
        if (IsErased(userId)) return;
        Host.Note(Entry(userId, ConsentEntry.Erased, button) with { Username = null }, ConsentTexts.Of(Mode));
        if (People.Ids().Contains(userId)) notices.OptedOut([userId]);
    }

    /// <summary>From now on nothing of this person is stored, and what is still here of them goes. Any thread.</summary>
    internal void OptOut(ulong userId, string button)
    {
        if (!Host.SetOptOut(userId, optedOut: true)) return;
        Host.Note(Entry(userId, ConsentEntry.Declined, button), ConsentTexts.Of(Mode));
        if (People.Ids().Contains(userId)) notices.OptedOut([userId]);
    }

    /// <summary>
    /// Takes over what the settings have come to know of people's wishes, and asks for them while they were never heard of here. Opting out
    /// is all that it does: who comes back says so to this recording.
    /// </summary>
    internal void HeedSettings()
    {
        IReadOnlyList<ulong> optedOut = services.Settings.OptedOut(GuildId);
        if (optedOut != heeded && Host.OptOut(heeded = optedOut)) NoteOptOuts(optedOut);
        if (services.Settings.KnowsOptOuts(GuildId)) Host.OptOutsKnown(optedOut);
        bool hasJustAsked = askedAt != 0 && services.Time.GetElapsedTime(askedAt) < GuildSettingsStore.AskInterval;
        if (services.Settings.IsSettled(GuildId) || hasJustAsked) return;
        askedAt = services.Time.GetTimestamp();
        _ = services.Settings.GetAsync(GuildId, CancellationToken.None);
    }

    /// <summary>False: the recording takes no orders at the moment, and nothing has changed.</summary>
    internal bool SetPaused(bool paused, ulong by)
    {
        if (!Host.Recording.Post(paused ? new RecordingAction.Pause(by) : new RecordingAction.Resume(by))) return false;
        Panel.Note(paused ? Texts.Paused(Wording.User(by)) : Texts.Resumed(Wording.User(by)));
        return true;
    }

    internal NoteOutcome AddNote(ulong by, string text)
    {
        NoteOutcome outcome = Host.Recording.AddNote(by, text);
        if (outcome == NoteOutcome.Taken) Panel.Note(Texts.SpokenNote(Wording.User(by), Wording.Plain(text, 80)));
        return outcome;
    }

    internal void End()
    {
        IsEnding = true;
        Panel.Stopping();
    }

    public async ValueTask DisposeAsync()
    {
        services.Links.Forget(Session.RecordingId);
        await Call.DisposeAsync();
        await Panel.DisposeAsync();
        await Messages.DisposeAsync();
    }

    // A later owner of the recording, and its next part, must not take an old yes for the last word.
    private void NoteOptOuts(IReadOnlyList<ulong> optedOut)
    {
        foreach (ulong userId in (Host.Ledger?.Agreed() ?? []).Intersect(optedOut))
            Host.Note(Entry(userId, ConsentEntry.Declined, ConsentTexts.OptedOutElsewhere), ConsentTexts.Of(Mode));
    }

    // What the voice call could not hand over may have been somebody's coming.
    private void LookForMissed()
    {
        long now = Call.Missed;
        if (now == missed) return;
        missed = now;
        services.Log.RecorderQueueFull(GuildId, "voice");
        CatchUp();
    }

    private ConsentEntry Entry(ulong userId, string choice, string button) => new()
    {
        UserId = userId,
        Username = People.NameOf(userId),
        At = services.Time.GetUtcNow(),
        Choice = choice,
        Button = button,
    };

    private bool IsDeserted()
    {
        if (IsEnding || People.AreHere)
        {
            emptySince = null;
            HadPeople |= !IsEnding;
            return false;
        }
        if (emptySince is null)
        {
            emptySince = services.Time.GetTimestamp();
            Panel.Note(HadPeople ? Texts.Alone : Texts.NobodyCame);
        }
        return services.Time.GetElapsedTime(emptySince.Value) >= services.Options.EmptyTimeout;
    }
}
