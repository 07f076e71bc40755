using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>Finishes a recording that another process left and that does not go on.</summary>
internal sealed class LeftCallClosing(UnownedRecordings unowned, RecordingLinks links, Nickname names, EndedPanels ended, TimeProvider time)
{
    /// <summary>What was recorded is finished. The bot's name is given back, unless another recording runs that it stands for.</summary>
    public async Task CloseAsync(LeftCall left, WhyClosed why)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10), time);
        RecordingCandidate whole = await unowned.CompleteAsync(left.Candidate, CancellationToken.None);
        PanelState last = new()
        {
            Session = whole.Session,
            Phase = PanelPhase.Storing,
            ChannelId = left.ChannelId,
            IsLinkWithheld = left.IsLinkWithheld,
            Elapsed = whole.LastSample,
            SafeUpTo = unowned.SafeOf(whole).Sample,
            Speakers = [.. whole.Manifest.Tracks.Select(ToSpeaker)],
            Outcome = Texts.EndedWhileAway(left.IsPlanned, whole.Session.StartedAt + SampleClock.ToTime(whole.LastSample), why),
        };
        if (left.IsEndOfLinksDue) links.End(whole.Session.RecordingId);
        if (!left.IsLinkWithheld) last = last.With(await links.ForListenersAsync($"{whole.Session.RecordingId}", patience.Token));
        await unowned.CloseAsync(whole, EndReason.Interrupted, patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (why != WhyClosed.AnotherRuns && left.IsNameChanged)
            await names.RestoreAsync(left.Session.GuildId, left.NameBefore, CancellationToken.None);
        ended.Follow(last, left.Posted);
    }

    private static PanelSpeaker ToSpeaker(TrackSummary track) =>
        new(track.Username, false, false, track.Health.GetValueOrDefault("received"), track.Health.GetValueOrDefault("lost"),
            track.Health.GetValueOrDefault("undecryptable"));
}
