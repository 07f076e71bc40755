using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// One running recording of a guild: its host, its voice call and its panel, and what people are told about it. Its guild's queue is the
/// only one that calls it, except for <see cref="Call"/> and <see cref="Draw"/>, which any thread may use.
/// </summary>
internal sealed class RecordedCall : IAsyncDisposable
{
    private const int EventsKept = 50;
    private const string Reconnect = "reconnect";
    private const string Deaf = "deafened";

    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(15);

    private readonly RecorderServices services;
    private readonly ChannelMessages voice;
    private readonly GapReasons gaps;
    private readonly SpeakerWatch watch;
    private readonly EncryptionWatch encryption;
    private readonly UnknownVoices voices;
    private readonly CallNotices notices;
    private readonly Lock eventsGate = new(); // the panel is drawn for commands while the queue adds a line
    private readonly List<PanelEvent> events = [];
    private IReadOnlyList<ulong> heeded = [];
    private long askedAt;
    private long lostAt;
    private long? emptySince;
    private bool toldLimit;
    private bool toldCapacity;
    private volatile string? privacyCode;
    private PanelPhase phase = PanelPhase.Connecting;

    internal RecordedCall(RecorderServices services, ActiveRecording host, VoiceCall call, StartCall start, PostedPanel? posted)
    {
        (this.services, Host, Call, Start) = (services, host, call, start);
        ChannelId = start.Channel.Id;
        watch = new SpeakerWatch(services.Options.Warnings);
        notices = new CallNotices(
            host.Recording.Consent.IsOptedOut,
            users => Say(Texts.OptedOut(users)),
            users => Say(Texts.LateNotice(users), OptOutButton, inCall: true, ping: users),
            services.Time);
        voice = new ChannelMessages(services.Rest, start.Guild.Id, services.Time, services.Log);
        gaps = new GapReasons(host.Recording.Post);
        encryption = new EncryptionWatch(host.Recording.Post, SayToPeople);
        voices = new UnknownVoices(host.Recording, text => Say(text), Note);
        host.MoreHealth = userId => call.EncryptionCountersOf(userId).ToDictionary();
        Panel = new PanelPublisher(services.Rest, start.Guild.Id, posted, services.Time, services.Log);
    }

    public ActiveRecording Host { get; }
    public VoiceCall Call { get; }
    public StartCall Start { get; }
    public PanelPublisher Panel { get; }
    public SessionInfo Session => Host.Session;

    /// <summary>Where the bot listens.</summary>
    public ulong ChannelId { get; private set; }

    public ulong GuildId => Session.GuildId;

    public bool IsPaused => Host.Snapshot.Paused;

    /// <summary>The bot was asked to end it; what Discord says of the call no longer matters.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>The end-to-end code that people can compare; null when the call is not encrypted end to end.</summary>
    public string? PrivacyCode => privacyCode;

    /// <summary>How often the call was joined again after it had been given up.</summary>
    public int Rejoins { get; set; }

    /// <summary>The next attempt is on its way; a second one would be in its way.</summary>
    public bool IsRejoinDue { get; set; }

    public bool HasPeople => People().Count > 0;

    internal ChannelMessages Voice => voice;

    /// <summary>What people can do about the news that a recording has ended.</summary>
    internal MessageComponent StartAgainButton => MessageComponent.Button("Start again", CustomIds.For(CustomIds.CheckAgain, ChannelId.ToString(CultureInfo.InvariantCulture)), ButtonStyle.Primary);

    private MessageComponent StopButton => MessageComponent.Button("Stop", CustomIds.For(CustomIds.Stop, Session.RecordingId), ButtonStyle.Danger);
    private MessageComponent OptOutButton => MessageComponent.Button("Don't record me", CustomIds.For(CustomIds.Me, Session.RecordingId));

    /// <summary>The panel of this moment.</summary>
    public PanelState Draw()
    {
        RecordingSnapshot snapshot = Host.Snapshot;
        UploadSnapshot upload = Host.Upload;
        DaveSnapshot? endToEnd = Call.State == VoiceCallState.Connected ? Call.Encryption : null;
        return new PanelState
        {
            Session = Session,
            Phase = snapshot.Paused && phase == PanelPhase.Recording ? PanelPhase.Paused : phase,
            ChannelId = ChannelId,
            Elapsed = snapshot.SampleCount,
            SafeUpTo = upload.Safe.Sample,
            Speakers = [.. snapshot.Tracks.Where(track => !track.IsBot || services.Capture.IncludeBots).Select(ToSpeaker)],
            SpoolBytes = upload.Spool.Bytes,
            SpoolFiles = upload.Spool.Files,
            StorageProblem = upload.State switch
            {
                UploadState.Full => Texts.SpoolFull(),
                _ when upload.StorageAwayFor >= services.Options.Warnings.StorageAway => Texts.UploadDelayed(SampleClock.ToTime(Math.Max(0, snapshot.SampleCount - upload.Safe.Sample))),
                _ => null,
            },
            Events = Events(),
            PrivacyCode = privacyCode,
            Protection = endToEnd?.Protection,
            Unannounced = endToEnd?.Unannounced ?? [],
            Link = services.Api.PageOf(Session.RecordingId.ToString()),
        };
    }

    /// <summary>Audio can be received: names are handed over and people are told, unless this recording only goes on.</summary>
    internal void Begin(bool announce)
    {
        Enter(PanelPhase.Recording);
        IntroduceAll();
        IReadOnlyList<ulong> people = People();
        if (announce && Start.Settings.Announce != AnnounceMode.Name) Say(Texts.Notice(Session.StartedBy, ChannelId), OptOutButton, inCall: true, line: Texts.Announced(Session.StartedBy));
        notices.Begin(people);
    }

    /// <summary>About once a second. True: everybody has been gone for long enough, and the recording should end.</summary>
    internal bool Tick()
    {
        HeedSettings();
        gaps.Retry();
        Panel.Show(RecordingPanel.Draw(Draw()));
        if (Panel.Posted is { } posted) Host.Properties[ManifestProperties.Panel] = posted.ToString();
        foreach (SpeakerWarning warning in watch.Look(Host.Snapshot, HumanStates(), Call.State == VoiceCallState.Connected && !gaps.IsOpen)) Warn(warning);
        encryption.Look(Call.Encryption.Unannounced);
        notices.Tick();
        WarnOfLimit();
        WarnOfCapacity();
        return IsDeserted();
    }

    /// <summary>Another person's voice state.</summary>
    internal void OnVoiceState(VoiceState state, VoiceState? previous)
    {
        bool isHere = state.ChannelId == ChannelId;
        bool wasHere = previous?.ChannelId == ChannelId;
        if (isHere && !wasHere) OnJoined(state.UserId);
        else if (isHere) Introduce(state.UserId);
        if (wasHere && !isHere) Host.Recording.UserLeft(state.UserId);
    }

    /// <summary>What the voice call says, but for its end.</summary>
    internal void OnCallEvent(VoiceCallEvent what)
    {
        switch (what)
        {
            case VoiceCallEvent.Connected: Enter(PanelPhase.Recording); gaps.End(Reconnect); break;
            case VoiceCallEvent.Reconnecting lost: OnLost(lost.Reason, lost.SilentFor); break;
            case VoiceCallEvent.Reconnected back: OnBack(back.Gap); break;
            case VoiceCallEvent.Moved moved: OnMoved(moved.ChannelId); break;
            case VoiceCallEvent.Deafened deafened: OnDeafened(deafened.IsDeafened); break;
            case VoiceCallEvent.UserJoined joined: Introduce(joined.UserId); break;
            case VoiceCallEvent.UserLeft left: Host.Recording.UserLeft(left.UserId); break;
            case VoiceCallEvent.SourceUnnamed source: voices.OnUnnamed(source.Ssrc); break;
            case VoiceCallEvent.SourceNamed source: voices.OnNamed(source.Ssrc, source.UserId, Guild()?.NameOf(source.UserId)); break;
            case VoiceCallEvent.PrivacyCode code: privacyCode = code.Code; break;
            case VoiceCallEvent.Protection protection: encryption.OnChanged(protection.State); break;
            case VoiceCallEvent.EncryptionBroken: Say(Texts.EncryptionBroken); break;
            default: break;
        }
    }

    /// <summary>The connection was lost; people hear of it once.</summary>
    /// <param name="silentFor">How long nothing had come when it was noticed.</param>
    internal void OnLost(string reason, TimeSpan silentFor = default)
    {
        if (IsEnding) return;
        services.Log.CallEvent(GuildId, "reconnecting: " + reason);
        Enter(PanelPhase.Reconnecting);
        if (!gaps.Begin(Reconnect, silentFor)) return;
        lostAt = services.Time.GetTimestamp() - (long)(silentFor.TotalSeconds * services.Time.TimestampFrequency);
        Say(Texts.Reconnecting(services.Time.GetUtcNow() - silentFor, SafePosition()));
    }

    /// <param name="gap">How long nothing came; null: since it was said to be lost.</param>
    internal void OnBack(TimeSpan? gap)
    {
        gaps.End(Reconnect);
        Enter(PanelPhase.Recording);
        IntroduceAll();
        Say(Texts.Reconnected(gap ?? services.Time.GetElapsedTime(lostAt)));
    }

    /// <summary>From now on nothing of this person is stored, and what is still here of them goes. Any thread.</summary>
    internal void OptOut(ulong userId)
    {
        if (Host.SetOptOut(userId, optedOut: true) && People().Contains(userId)) notices.OptedOut([userId]);
    }

    /// <summary>
    /// Takes over what the settings have come to know of people's wishes, and asks for them while they were never heard of here. Opting out
    /// is all that it does: who comes back says so to this recording.
    /// </summary>
    internal void HeedSettings()
    {
        IReadOnlyList<ulong> optedOut = services.Settings.OptedOut(GuildId);
        if (optedOut != heeded) Host.OptOut(heeded = optedOut);
        if (services.Settings.IsSettled(GuildId) || (askedAt != 0 && services.Time.GetElapsedTime(askedAt) < AskInterval)) return;
        askedAt = services.Time.GetTimestamp();
        _ = services.Settings.GetAsync(GuildId, CancellationToken.None);
    }

    /// <summary>False: the recording takes no orders at the moment, and nothing has changed.</summary>
    internal bool SetPaused(bool paused, ulong by)
    {
        if (!Host.Recording.Post(paused ? new RecordingAction.Pause(by) : new RecordingAction.Resume(by))) return false;
        Note(paused ? Texts.Paused(Mention(by)) : Texts.Resumed(Mention(by)));
        return true;
    }

    internal NoteOutcome AddNote(ulong by, string text)
    {
        NoteOutcome outcome = Host.Recording.AddNote(by, text);
        if (outcome == NoteOutcome.Taken) Note(Texts.SpokenNote(Mention(by), Wording.Plain(text, 80)));
        return outcome;
    }

    /// <summary>One line more in the panel, and a message in the channel.</summary>
    /// <param name="line">What the panel's line says when the whole text is too long for it.</param>
    internal void Say(string text, MessageComponent? button = null, bool inCall = false, IReadOnlyList<ulong>? ping = null, string? line = null)
    {
        Note(line ?? text);
        ulong target = inCall || Start.PanelChannel is null ? ChannelId : Start.PanelChannel.Value;
        MessageBody body = new()
        {
            Content = text,
            AllowedMentions = new AllowedMentions { Users = ping },
            Components = button is null ? null : [MessageComponent.Row(button)],
        };
        voice.Say(target, body, Start.PanelChannel);
    }

    // An empty call has nobody to warn.
    private void SayToPeople(string text)
    {
        if (HasPeople) Say(text);
        else Note(text);
    }

    /// <summary>One line more in the panel.</summary>
    internal void Note(string text)
    {
        lock (eventsGate)
        {
            events.Add(new PanelEvent(Host.Snapshot.SampleCount, text));
            if (events.Count > EventsKept) events.RemoveAt(0);
        }
    }

    internal void Enter(PanelPhase next)
    {
        if (phase == next) return;
        phase = next;
        Panel.Show(RecordingPanel.Draw(Draw()), important: true);
    }

    internal void End()
    {
        IsEnding = true;
        Enter(PanelPhase.Stopping);
    }

    internal string SafePosition() => Wording.Position(Host.Upload.Safe.Sample);

    public async ValueTask DisposeAsync()
    {
        await Call.DisposeAsync();
        await Panel.DisposeAsync();
        await voice.DisposeAsync();
    }

    /// <summary>Looks at everybody who is in the call, after somebody's coming may have been missed.</summary>
    internal void CatchUp()
    {
        IntroduceAll();
        foreach (ulong person in People()) notices.Joined(person);
    }

    private void OnMoved(ulong channelId)
    {
        ChannelId = channelId;
        Host.Properties[ManifestProperties.VoiceChannel] = channelId.ToString(CultureInfo.InvariantCulture);
        Say(Texts.Moved(channelId), StopButton);
        CatchUp();
    }

    private void OnDeafened(bool deafened)
    {
        if (deafened && gaps.Begin(Deaf))
        {
            Say(Texts.Deafened);
            voice.Tell(Session.StartedBy, new MessageBody { Content = Texts.Deafened });
        }
        else if (!deafened && gaps.IsOpen)
        {
            gaps.End(Deaf);
            Say(Texts.Undeafened);
        }
    }

    private void OnJoined(ulong userId)
    {
        Introduce(userId);
        if (Guild() is { } guild && guild.IsBot(userId)) return;
        notices.Joined(userId);
    }

    private void IntroduceAll()
    {
        foreach (VoiceState state in Guild()?.InChannel(ChannelId) ?? []) Introduce(state.UserId);
    }

    private void Introduce(ulong userId)
    {
        if (Guild() is not { } guild || userId == services.Gateway.SelfId) return;
        Host.Recording.Introduce(userId, guild.NameOf(userId), guild.IsBot(userId));
    }

    private void Warn(SpeakerWarning warning)
    {
        switch (warning)
        {
            case SpeakerWarning.Nobody: Say(Texts.NobodyHeard); break;
            case SpeakerWarning.NotHeard missing: Say(Texts.NotHeard(missing.UserId)); break;
            case SpeakerWarning.Quiet quiet: Say(Texts.Quiet(quiet.Length), StopButton); break;
            case SpeakerWarning.PoorLine poor: Say(Texts.PoorLine(services.Gateway.Latency, poor.LostPercent)); break;
            case SpeakerWarning.Undecodable failing: Say(Texts.Undecodable(failing.UserIds, failing.Length)); break; // the call itself asks for new keys, then joins again
            default: break;
        }
    }

    private void WarnOfLimit()
    {
        (TimeSpan limit, TimeSpan warning) = (services.Capture.MaximumDuration, services.Options.Warnings.BeforeLimit);
        TimeSpan left = limit - SampleClock.ToTime(Host.Snapshot.SampleCount);
        if (toldLimit || left > warning || limit < warning * 2) return;
        toldLimit = true;
        Say(Texts.LimitNear(left), StopButton);
    }

    private void WarnOfCapacity()
    {
        if (toldCapacity || Host.Snapshot.TracklessSpeakers == 0) return;
        toldCapacity = true;
        Say(Texts.TooManySpeakers);
    }

    private bool IsDeserted()
    {
        if (IsEnding || HasPeople)
        {
            emptySince = null;
            return false;
        }
        if (emptySince is null)
        {
            emptySince = services.Time.GetTimestamp();
            Note(Texts.Alone);
        }
        return services.Time.GetElapsedTime(emptySince.Value) >= services.Options.EmptyTimeout;
    }

    private PanelSpeaker ToSpeaker(TrackSnapshot track) =>
        new(track.Username, track.Speaking, track.OptedOut, track.Health.Received, track.Health.Lost, track.Health.Undecryptable);

    private IReadOnlyList<PanelEvent> Events()
    {
        lock (eventsGate) return [.. events];
    }

    private List<VoiceState> HumanStates() => [.. (Guild()?.InChannel(ChannelId) ?? []).Where(state => state.UserId != services.Gateway.SelfId && (services.Capture.IncludeBots || !Guild()!.IsBot(state.UserId)))];

    private IReadOnlyList<ulong> People() => [.. HumanStates().Select(state => state.UserId)];

    private Guild? Guild() => services.Gateway.Guilds.Find(GuildId);

    private static string Mention(ulong user) => Wording.User(user);
}
