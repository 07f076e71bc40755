using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Panel;

/// <summary>
/// What follows a recording after it has ended: asks the recording API until it is finalized and shows that in the panel.
/// </summary>
internal sealed class RecordingFollower(CatalogueClient api, DiscordRestClient rest, TimeProvider time, ILogger<RecordingFollower> log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24); // no recording stays live longer (recording-api: status)

    /// <summary>
    /// Runs until the recording is finalized and its panel says so, or a day has passed. Never throws but for cancellation.
    /// </summary>
    /// <param name="last">The panel as it was when the recording ended.</param>
    /// <param name="posted">Where it is; null when there is none.</param>
    /// <param name="since">When the recording ended.</param>
    public async Task FollowAsync(PanelState last, PostedPanel? posted, DateTimeOffset since, CancellationToken cancellationToken)
    {
        if (!api.IsConfigured) return;
        TimeSpan pause = FirstPause;
        while (time.GetUtcNow() - since < Patience)
        {
            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 1.5 > LongestPause ? LongestPause : pause * 1.5;
            if (await LookAsync(last.Session, cancellationToken) is not { } finished) continue;
            if (posted is null || await ShowAsync(Finished(last, finished), posted, cancellationToken)) return;
        }
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
    public PanelState Finished(PanelState last, RecordingSummary finished)
    {
        bool empty = finished.Status == RecordingStatus.Failed;
        string outcome = empty ? "Nobody was heard, so there is nothing to keep."
            : $"{Wording.Count(finished.ParticipantCount, "voice")}, {Texts.Length(finished)}, {Wording.Bytes(finished.TotalSize)}.";
        if (finished.MissingSegmentCount > 0) outcome += " " + Texts.Missing(finished.MissingSegmentCount);
        return last with
        {
            Phase = empty ? PanelPhase.Empty : PanelPhase.Stored,
            SafeUpTo = empty ? last.SafeUpTo : last.Elapsed,
            SpoolBytes = 0,
            SpoolFiles = 0,
            StorageProblem = null,
            Outcome = outcome,
            Link = empty ? null : Secret(last.Link) ?? api.PageOf(finished.Id),
        };
    }

    // A link with a secret stays good; an address may be another one once the API has a name of its own for the recording.
    private static string? Secret(string? link) => link?.Contains("#k=", StringComparison.Ordinal) == true ? link : null;

    private async Task<RecordingSummary?> LookAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        try
        {
            RecordingSummary? found = await api.FindAsync(session.GuildId, session.RecordingId, cancellationToken);
            return found is { Status: RecordingStatus.Completed or RecordingStatus.Failed } ? found : null;
        }
        catch (CatalogueException problem)
        {
            log.SettingsAway(session.GuildId, problem.Message);
            return null;
        }
    }

    /// <summary>False: Discord was away, and may be back later.</summary>
    private async Task<bool> ShowAsync(PanelState state, PostedPanel posted, CancellationToken cancellationToken)
    {
        try
        {
            await rest.EditMessageAsync(posted.ChannelId, posted.MessageId, RecordingPanel.Draw(state), cancellationToken);
            return true;
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(state.Session.GuildId, problem.Message);
            return problem is DiscordRestException { Code: DiscordErrorCode.UnknownMessage or DiscordErrorCode.UnknownChannel }
                or DiscordRestException { IsForbidden: true };
        }
    }
}
