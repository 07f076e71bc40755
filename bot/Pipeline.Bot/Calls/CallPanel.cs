using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Calls;

/// <summary>
/// The panel of a running recording: what it shows at this moment, and the lines of what has happened. One owner, but for
/// <see cref="Draw"/> and <see cref="Note"/>, which any thread may call.
/// </summary>
/// <param name="storagePatience">How long the storage may be away before the panel says so.</param>
internal sealed class CallPanel(ActiveRecording host, VoiceCall call, CallPeople people, PanelPublisher publisher, RecordingLinks links,
    TimeSpan storagePatience) : IAsyncDisposable
{
    private const int EventsKept = 50;

    private readonly Lock eventsGate = new(); // drawn for commands while the queue adds a line
    private readonly List<PanelEvent> events = [];
    private volatile string? privacyCode;
    private PanelPhase phase = PanelPhase.Connecting;

    /// <summary>Where it is; null while it was not posted.</summary>
    public PostedPanel? Posted => publisher.Posted;

    /// <summary>The end-to-end code that people can compare; null when the call is not encrypted end to end.</summary>
    public string? PrivacyCode { get => privacyCode; set => privacyCode = value; }

    /// <summary>How far the recording has come, for people.</summary>
    public string Position => Wording.Position(host.Recording.SampleCount);

    /// <summary>The call was moved to where not everybody may enter who sees it: it shows no link from then on.</summary>
    public bool IsLinkWithheld => host.Properties.ContainsKey(ManifestProperties.LinkWithheld);

    /// <summary>The panel of this moment.</summary>
    public PanelState Draw()
    {
        RecordingSnapshot snapshot = host.Snapshot;
        UploadSnapshot upload = host.Upload;
        DaveSnapshot? endToEnd = call.State == VoiceCallState.Connected ? call.Encryption : null;
        return new PanelState
        {
            Session = host.Session,
            Phase = snapshot.Paused && phase == PanelPhase.Recording ? PanelPhase.Paused : phase,
            ChannelId = people.ChannelId,
            Elapsed = snapshot.SampleCount,
            SafeUpTo = upload.Safe.Sample,
            Speakers = [.. snapshot.Tracks.Where(track => people.Counts(track.IsBot)).Select(ToSpeaker)],
            SpoolBytes = upload.Spool.Bytes,
            SpoolFiles = upload.Spool.Files,
            StorageProblem = Problem(upload),
            Events = Events(),
            PrivacyCode = privacyCode,
            Consent = host.Ledger?.Mode ?? ConsentLedger.Off,
            Agreed = host.Recording.Consent.AgreedCount,
            Protection = endToEnd?.Protection,
            Unannounced = endToEnd?.Unannounced ?? [],
            IsLinkWithheld = IsLinkWithheld,
        }.With(links.Of(host.Session.RecordingId));
    }

    /// <summary>What keeps audio on the disk at this moment, for people; null: nothing.</summary>
    public string? StorageProblem => Problem(host.Upload);

    /// <summary>Posts it. The manifest keeps where, for the bot that takes the recording over.</summary>
    public async Task PostAsync(ulong channel, CancellationToken cancellationToken)
    {
        await publisher.PostAsync(channel, RecordingPanel.Draw(Draw()), cancellationToken);
        Keep();
    }

    /// <summary>Shows how it is, soon.</summary>
    public void Refresh()
    {
        Show(Draw());
        Keep();
    }

    public void Show(PanelState state, bool important = false) => publisher.Show(RecordingPanel.Draw(state), important);

    /// <summary>Shows it at once; posts it again when somebody deleted it.</summary>
    public void ShowAgain() => Show(Draw(), important: true);

    /// <summary>One line more.</summary>
    public void Note(string text)
    {
        lock (eventsGate)
        {
            events.Add(new PanelEvent(host.Recording.SampleCount, text));
            if (events.Count > EventsKept) events.RemoveAt(0);
        }
    }

    /// <summary>Audio can be received for the first time: from now on it shows a link that opens the recording.</summary>
    public void Begin()
    {
        Listening();
        if (!IsLinkWithheld) links.Begin(host.Session.RecordingId);
        else if (host.Properties[ManifestProperties.LinkWithheld] == ManifestProperties.EndIsDue) EndLinks(); // a process before did not
    }

    /// <summary>
    /// To be called when the call goes on in another channel. True: others may enter there than where it was, where the recording began and
    /// where the panel is. The links that were made until now are ended, and it shows none any more.
    /// </summary>
    /// <param name="before">Where it was.</param>
    public bool TryWithholdLink(ulong before)
    {
        bool isAlike = people.HaveAudienceOf(before) || people.HaveAudienceOf(host.Session.ChannelId)
            || (Posted is { } there && people.HaveAudienceOf(there.ChannelId));
        if (isAlike || !links.AreMade) return false;
        EndLinks();
        ShowAgain();
        return true;
    }

    /// <summary>Another bot shows the recording now; the link that this one would make is not needed.</summary>
    public void ForgetLink() => links.Forget(host.Session.RecordingId);

    public void Listening() => Enter(PanelPhase.Recording);

    public void Reconnecting() => Enter(PanelPhase.Reconnecting);

    public void Stopping() => Enter(PanelPhase.Stopping);

    public ValueTask DisposeAsync() => publisher.DisposeAsync();

    private void EndLinks()
    {
        host.Properties[ManifestProperties.LinkWithheld] = ManifestProperties.EndIsDue;
        links.End(host.Session.RecordingId, () => host.Properties[ManifestProperties.LinkWithheld] = ManifestProperties.LinksEnded);
    }

    private void Enter(PanelPhase next)
    {
        if (phase == next) return;
        phase = next;
        ShowAgain();
    }

    private void Keep()
    {
        if (Posted is { } there) host.Properties[ManifestProperties.Panel] = there.ToString();
    }

    private string? Problem(UploadSnapshot upload) => upload.State switch
    {
        UploadState.Full => Texts.SpoolFull(upload.AwaitsOptOuts),
        _ when upload.AwaitsOptOuts => Texts.AwaitsOptOuts,
        _ when upload.StorageAwayFor >= storagePatience =>
            Texts.UploadDelayed(SampleClock.ToTime(Math.Max(0, host.Recording.SampleCount - upload.Safe.Sample))),
        _ => null,
    };

    private IReadOnlyList<PanelEvent> Events()
    {
        lock (eventsGate) return [.. events];
    }

    private static PanelSpeaker ToSpeaker(TrackSnapshot track) =>
        new(track.Username, track.Speaking, track.OptedOut, track.Health.Received, track.Health.Lost, track.Health.Undecryptable);
}
