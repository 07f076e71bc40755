using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Panel;

/// <summary>
/// What follows a recording after it has ended: asks the recording API until it is finalized and its files are made, shows that in the
/// panel, and at the end in the message that the starter got.
/// </summary>
internal sealed class RecordingFollower(CatalogueClient api, RecordingLinks links, FollowedPanels panels, DiscordRestClient rest,
    TimeProvider time, ILogger<RecordingFollower> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24); // no recording stays live longer (recording-api: status)

    /// <summary>
    /// Runs until the recording is finalized, its files are made and people know of it, or a day has passed: from now on, for until here
    /// bot or storage may have been away for as long as you like. Never throws but for cancellation.
    /// </summary>
    /// <param name="last">The panel as it was when the recording ended.</param>
    /// <param name="posted">Where it is; null when there is none.</param>
    public async Task FollowAsync(PanelState last, PostedPanel? posted, CancellationToken cancellationToken)
    {
        if (!api.IsConfigured) return;
        RecordingSummary? finished = null;
        FilesReady? shown = null;
        long since = time.GetTimestamp();
        for (TimeSpan pause = FirstPause; time.GetElapsedTime(since) < Patience; pause = Longer(pause))
        {
            await Task.Delay(pause, time, cancellationToken);
            PanelState now = Renewed(last, posted);
            if (now != last) (last, shown) = (now, null);
            bool isNew = finished is null;
            finished ??= await LookAsync(last.Session, cancellationToken);
            if (finished is null) continue;
            if (isNew) pause = FirstPause;
            FilesReady files = await FilesAsync(finished, cancellationToken);
            if (files != shown && await ShowAsync(Finished(last, finished, files), posted, cancellationToken)) shown = files;
            if (files != shown || !files.IsSettled) continue;
            if (files.Text(last.Told?.LinkExpiresAt) is { } ready)
                await TellStarterAsync(last, ready + KeepTexts.Day(finished), cancellationToken);
            break;
        }
        links.Forget(last.Session.RecordingId);
    }

    /// <summary>The last piece is with the storage: the starter, who was told that some were on the way, hears it.</summary>
    public Task TellStoredAsync(PanelState last, CancellationToken cancellationToken) =>
        last.Told is { IsStored: false } ? TellStarterAsync(last, null, cancellationToken) : Task.CompletedTask;

    /// <summary>A panel that an earlier process left, or whose recording nobody ran, is followed from here on.</summary>
    public void Begin(PanelState last)
    {
        if (!last.IsLinkWithheld)
            links.Follow(last.Session.RecordingId, last.Link is { } link ? new RecordingLink(link, last.LinkExpiresAt) : null);
    }

    /// <summary>
    /// The panel with the link that opens the recording now: the one from before may have been ended. The next process knows it too.
    /// </summary>
    public PanelState Renewed(PanelState last, PostedPanel? posted)
    {
        if (links.MadeFor(last.Session.RecordingId) is not { } link || link.Url == last.Link) return last;
        last = last.With(link);
        panels.Keep(last, posted);
        return last;
    }

    /// <summary>The link to a recording: by the API's own id when it answers, by the session's id else; null without an API.</summary>
    public async Task<string?> LinkAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        if (!api.IsConfigured) return null;
        try
        {
            RecordingSummary? found = await api.FindAsync(session.GuildId, session.RecordingId, cancellationToken);
            return api.PageOf(found?.Id ?? session.RecordingId.ToString());
        }
        catch (CatalogueException)
        {
            return api.PageOf(session.RecordingId.ToString());
        }
    }

    /// <summary>The panel of a finalized recording.</summary>
    public PanelState Finished(PanelState last, RecordingSummary finished, FilesReady files)
    {
        bool empty = finished.Status == RecordingStatus.Failed;
        string outcome = empty ? "Nobody was heard, so there is nothing to keep."
            : $"{Wording.Count(finished.ParticipantCount, "voice")}, {Texts.Length(finished)}, {Wording.Bytes(finished.TotalSize)}.";
        if (files.Text(last.LinkExpiresAt) is { } ready) outcome += " " + ready;
        outcome += KeepTexts.Day(finished);
        if (finished.MissingSegmentCount > 0) outcome += " " + Texts.Missing(finished.MissingSegmentCount);
        return last with
        {
            Phase = empty ? PanelPhase.Empty : PanelPhase.Stored,
            SafeUpTo = empty ? last.SafeUpTo : last.Elapsed,
            SpoolBytes = 0,
            SpoolFiles = 0,
            StorageProblem = null,
            Outcome = outcome,
            Link = empty || last.IsLinkWithheld ? null : Secret(last.Link) ?? api.PageOf(finished.Id),
        };
    }

    // A link with a secret stays good; an address may be another one once the API has a name of its own for the recording.
    private static string? Secret(string? link) => link?.Contains("#k=", StringComparison.Ordinal) == true ? link : null;

    /// <summary>A direct message to the one who started a recording.</summary>
    public static MessageBody ToStarter(string text, string? link) => new()
    {
        Content = link is null ? text : text + "\n" + link,
        Components = link is null ? null : [MessageComponent.Row(MessageComponent.Link("Open", link))],
    };

    private static TimeSpan Longer(TimeSpan pause) => pause * 1.5 > LongestPause ? LongestPause : pause * 1.5;

    private async Task<RecordingSummary?> LookAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        try
        {
            RecordingSummary? found = await api.FindAsync(session.GuildId, session.RecordingId, cancellationToken);
            return found is { Status: RecordingStatus.Completed or RecordingStatus.Failed } ? found : null;
        }
        catch (CatalogueException problem)
        {
            log.ProgressUnknown(session.RecordingId.ToString(), Cause.Of(problem));
            return null;
        }
    }

    private async Task<FilesReady> FilesAsync(RecordingSummary finished, CancellationToken cancellationToken)
    {
        if (finished.Status != RecordingStatus.Completed) return FilesReady.None;
        try
        {
            return FilesReady.Of(await api.FilesAsync(finished.Id, cancellationToken) ?? []);
        }
        catch (CatalogueException problem) when (problem.IsNotOffered)
        {
            return FilesReady.None; // another service, which makes none
        }
        catch (CatalogueException problem)
        {
            log.ProgressUnknown(finished.Id, Cause.Of(problem));
            return FilesReady.Unknown;
        }
    }

    private async Task TellStarterAsync(PanelState last, string? more, CancellationToken cancellationToken)
    {
        if (last.Told is not { } told) return;
        string text = Texts.Ended(last.Session, SampleClock.ToTime(last.Elapsed), told.Voices, pending: 0, opensNow: false);
        if (more is not null) text += " " + more;
        await EditAsync(last.Session.GuildId, told.Message, ToStarter(text, told.Link), cancellationToken);
    }

    /// <summary>False: Discord was away, and may be back later.</summary>
    private Task<bool> ShowAsync(PanelState state, PostedPanel? posted, CancellationToken cancellationToken) =>
        posted is null ? Task.FromResult(true) : EditAsync(state.Session.GuildId, posted, RecordingPanel.Draw(state), cancellationToken);

    /// <summary>False: Discord was away, and may be back later.</summary>
    private async Task<bool> EditAsync(ulong guildId, PostedPanel there, MessageBody body, CancellationToken cancellationToken)
    {
        try
        {
            await rest.EditMessageAsync(there.ChannelId, there.MessageId, body, cancellationToken);
            return true;
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(guildId, Cause.Of(problem));
            return problem is DiscordRestException { Code: DiscordErrorCode.UnknownMessage or DiscordErrorCode.UnknownChannel }
                or DiscordRestException { IsForbidden: true };
        }
    }
}

/// <summary>How far the files are that are made without being asked for.</summary>
/// <param name="Tracks">People whose track can be downloaded.</param>
/// <param name="HasMix">All voices in one file.</param>
/// <param name="Percent">Of all that is being made, in steps that are worth an edit; 100: nothing more comes; -1: not known.</param>
internal sealed record FilesReady(int Tracks, bool HasMix, int Percent)
{
    private const int Step = 10;

    /// <summary>There are none and will be none.</summary>
    public static FilesReady None { get; } = new(0, false, 100);

    /// <summary>The API does not answer.</summary>
    public static FilesReady Unknown { get; } = new(0, false, -1);

    public bool IsSettled => Percent == 100;

    public static FilesReady Of(IReadOnlyList<RecordingFile> files)
    {
        RecordingFile[] sound = [.. files.Where(file => file.Kind is "track" or "mix")];
        RecordingFile[] made = [.. sound.Where(file => file.State is "ready" or "rendering")];
        bool isDone = made.All(file => file.State == "ready");
        double share = made.Length == 0 ? 1 : made.Average(file => file.State == "ready" ? 1 : Math.Clamp(file.Progress, 0, 1));
        return new FilesReady(
            made.Where(file => file is { Kind: "track", State: "ready" }).Select(file => file.UserId).Distinct().Count(),
            made.Any(file => file is { Kind: "mix", State: "ready" }),
            isDone ? 100 : Math.Min(100 - Step, (int)(share * 100) / Step * Step));
    }

    /// <summary>For people; null: there is nothing to tell.</summary>
    /// <param name="until">When the link ends that opens them.</param>
    public string? Text(DateTimeOffset? until) => Percent < 0 ? null : !IsSettled ? Texts.FilesAreMade(Percent)
        : Tracks == 0 && !HasMix ? null
        : Texts.FilesReady(Tracks, HasMix, until);
}
