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
            if (isNew) (pause, last) = (FirstPause, await LinkedAsync(last, finished, cancellationToken));
            FilesReady files = await FilesAsync(finished, cancellationToken);
            if (files != shown && await ShowAsync(Finished(last, finished, files), posted, cancellationToken)) shown = files;
            if (files != shown || !files.IsSettled) continue;
            await TellFinishedAsync(last, finished, files, cancellationToken);
            break;
        }
        links.Forget(last.Session.RecordingId);
    }

    /// <summary>The last piece is with the storage: the starter, who was told that some were on the way, hears it.</summary>
    /// <returns>The panel, with the link that the starter has got meanwhile.</returns>
    public async Task<PanelState> TellStoredAsync(PanelState last, CancellationToken cancellationToken)
    {
        if (last.Told is not { IsStored: false }) return last;
        last = await WithStartersLinkAsync(last, cancellationToken);
        await TellStarterAsync(last, Stored(last), last.Told?.Link, cancellationToken);
        return last;
    }

    /// <summary>A panel that an earlier process left, or whose recording nobody ran, is followed from here on.</summary>
    /// <returns>The panel as it is to be shown.</returns>
    public PanelState Begin(PanelState last)
    {
        // An earlier version kept an address of the API where it had no link; that one opens nothing.
        if (api.MakesLinks && last.LinkExpiresAt is null) last = last with { Link = null };
        if (!last.IsLinkWithheld)
            links.Follow(last.Session.RecordingId, last.Link is { } link ? new RecordingLink(link, last.LinkExpiresAt) : null);
        return last;
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

    /// <summary>
    /// Somebody's own page of a recording: by the API's own id when it answers, by the session's id else; null where none was set.
    /// </summary>
    public async Task<string?> PageAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        string? page = api.PageOf(session.RecordingId.ToString());
        if (page is null || !api.IsConfigured) return page;
        try
        {
            RecordingSummary? found = await api.FindAsync(session.GuildId, session.RecordingId, cancellationToken);
            return found is null ? page : api.PageOf(found.Id);
        }
        catch (CatalogueException)
        {
            return page;
        }
    }

    /// <summary>The panel of a finalized recording.</summary>
    public PanelState Finished(PanelState last, RecordingSummary finished, FilesReady files)
    {
        bool empty = finished.Status == RecordingStatus.Failed;
        string outcome = empty ? EndTexts.Nothing(finished.MissingSegmentCount)
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
            // A link stays good; a page may be another one once the API has a name of its own for the recording.
            Link = empty || last.IsLinkWithheld ? null : api.PageOf(finished.Id) ?? last.Link,
        };
    }

    /// <summary>A direct message to the one who started a recording.</summary>
    /// <param name="isLinkDue">There is to be one.</param>
    public static MessageBody ToStarter(string text, string? link, bool isLinkDue) => new()
    {
        Content = link is not null ? text + "\n" + link : isLinkDue ? text + "\n" + EndTexts.NoLinkYet : text,
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

    /// <summary>The last word to the starter, of what the API has of the recording.</summary>
    private async Task TellFinishedAsync(PanelState last, RecordingSummary finished, FilesReady files, CancellationToken cancellationToken)
    {
        string missing = finished.MissingSegmentCount > 0 ? " " + Texts.Missing(finished.MissingSegmentCount) : "";
        if (finished.Status == RecordingStatus.Failed)
        {
            string nothing = EndTexts.NothingKept(last.Session, finished.MissingSegmentCount) + missing;
            await TellStarterAsync(last, nothing, link: null, cancellationToken, isLinkDue: false);
            return;
        }
        last = await WithStartersLinkAsync(last, cancellationToken);
        string ready = files.Text(last.Told?.LinkExpiresAt) is { } text ? " " + text : "";
        await TellStarterAsync(last, Stored(last) + ready + KeepTexts.Day(finished) + missing, last.Told?.Link, cancellationToken);
    }

    private static string Stored(PanelState last) =>
        Texts.Ended(last.Session, SampleClock.ToTime(last.Elapsed), last.Told?.Voices ?? 0, pending: 0, opensNow: false);

    private async Task TellStarterAsync(PanelState last, string text, string? link, CancellationToken cancellationToken,
        bool isLinkDue = true)
    {
        if (last.Told is not { } told) return;
        MessageBody body = ToStarter(text, link, isLinkDue && api.MakesLinks && !last.IsLinkWithheld);
        // An edit that leaves the buttons out keeps those that are there.
        await EditAsync(last.Session.GuildId, told.Message, body with { Components = body.Components ?? [] }, cancellationToken);
    }

    /// <summary>None could be made for the panel while the recording ran; now the API has answered.</summary>
    private async Task<PanelState> LinkedAsync(PanelState last, RecordingSummary finished, CancellationToken cancellationToken) =>
        last.Link is not null || last.IsLinkWithheld || finished.Status == RecordingStatus.Failed ? last
            : last.With(await links.ForListenersAsync(finished.Id, cancellationToken));

    /// <summary>The same for the starter.</summary>
    private async Task<PanelState> WithStartersLinkAsync(PanelState last, CancellationToken cancellationToken)
    {
        if (last.Told is not { LinkExpiresAt: null } told || last.IsLinkWithheld || !api.MakesLinks) return last;
        RecordingLink? link = await links.ForStarterAsync(last.Session.RecordingId, cancellationToken);
        return last with { Told = told with { Link = link?.Url, LinkExpiresAt = link?.ExpiresAt } };
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
