using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>Ends recordings: the call, the host, the name, the link to the starter. The rest is <see cref="EndedPanels"/>'s.</summary>
internal sealed class RecordingEnding(FollowedPanels panels, EndingLinks links, Nickname names, EndedPanels ended, GuildPosts posts,
    ILogger<GuildRecorder> log)
{
    /// <summary>
    /// Leaves the call and closes the recording. Returns when nothing more is taken; storing and finalizing are followed in the
    /// background.
    /// </summary>
    public async Task<StopOutcome> EndAsync(RecordedCall call, EndReason reason, string said)
    {
        (Task closing, PanelState last) = await LeaveAsync(call, reason, said);
        await RestoreNameAsync(call);
        return await TellAsync(call, last, closing);
    }

    /// <summary>
    /// The same for a part that the next one follows at once, because people go on talking: the name stays as it is, and what takes its
    /// time at Discord or at the recording API is left to the background.
    /// </summary>
    public async Task EndPartAsync(RecordedCall call, string said)
    {
        (Task closing, PanelState last) = await LeaveAsync(call, EndReason.Limit, said);
        _ = TellQuietlyAsync(call, last, closing);
    }

    /// <summary>A sentence in the channel of a recording that has ended already.</summary>
    public async Task SayAsync(StartCall start, string text)
    {
        await using ChannelMessages channels = posts.Messages(start.Guild.Id);
        channels.Say(start.PanelChannel ?? start.Channel.Id, new MessageBody { Content = text, AllowedMentions = new AllowedMentions() });
    }

    private async Task<(Task Closing, PanelState Last)> LeaveAsync(RecordedCall call, EndReason reason, string said)
    {
        SessionInfo session = call.Session;
        await call.Call.LeaveAsync(CancellationToken.None);
        // From before the end on: a process that dies now leaves a panel that the next one follows.
        panels.Keep(call.Panel.Draw() with { Phase = PanelPhase.Storing, Outcome = said }, call.Panel.Posted);
        Task closing = call.Host.StopAsync(reason, CancellationToken.None);
        await Task.WhenAny(call.Host.Ended, closing);
        log.RecordingStopped(session.GuildId, session.RecordingId.ToString(), reason.ToString());
        return (closing, call.Panel.Draw() with { Phase = PanelPhase.Storing, Outcome = said });
    }

    private async Task<StopOutcome> TellAsync(RecordedCall call, PanelState last, Task closing)
    {
        (RecordingLink? link, RecordingLink? own) = await links.OfAsync(call);
        StarterNews? told = await TellStarterAsync(call, last, closing.IsCompleted ? 0 : call.Host.WaitingFiles, own);
        last = last.With(link) with { Told = told };
        panels.Keep(last, call.Panel.Posted);
        _ = ended.FollowAsync(call, last, closing);
        string text = call.Panel.Posted is null ? Texts.StoppingWithoutPanel : Texts.Stopping;
        return new StopOutcome(call.Session, text, own?.Url, told is not null || last.Speakers.Count == 0);
    }

    private async Task TellQuietlyAsync(RecordedCall call, PanelState last, Task closing)
    {
        try
        {
            await TellAsync(call, last, closing);
        }
        catch (Exception problem)
        {
            log.RecorderProblem(problem, call.GuildId);
        }
    }

    private Task RestoreNameAsync(RecordedCall call) => call.Host.Properties.ContainsKey(ManifestProperties.NameChanged)
        ? names.RestoreAsync(call.GuildId,
        call.Host.Properties.TryGetValue(ManifestProperties.NameBefore, out string? before) ? before : null, CancellationToken.None)
        : Task.CompletedTask;

    /// <summary>Null: nobody was heard, or the starter takes no direct messages.</summary>
    private async Task<StarterNews?> TellStarterAsync(RecordedCall call, PanelState last, int pending, RecordingLink? link)
    {
        if (last.Speakers.Count == 0) return null;
        int voices = last.Speakers.Count(speaker => !speaker.OptedOut);
        string text = Texts.Ended(call.Session, SampleClock.ToTime(last.Elapsed), voices, pending, link?.OpensForAnybody == true);
        bool isLinkDue = links.AreMade && !call.Panel.IsLinkWithheld;
        PostedPanel? message = await call.Messages.TryTellStarterAsync(RecordingFollower.ToStarter(text, link?.Url, isLinkDue));
        return message is null ? null : new StarterNews(message, link?.Url, link?.ExpiresAt, voices, pending == 0);
    }
}

/// <summary>What the one who stopped a recording is told.</summary>
/// <param name="Text">For the caller only.</param>
/// <param name="Link">Where it can be opened; null without an API.</param>
/// <param name="Delivered">The starter has the link by direct message.</param>
internal sealed record StopOutcome(SessionInfo Session, string Text, string? Link, bool Delivered);
