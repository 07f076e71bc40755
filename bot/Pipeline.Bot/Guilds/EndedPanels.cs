using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>Keeps the panels of recordings that have ended up to date, until everything is stored and finalized. Any thread.</summary>
internal sealed class EndedPanels(RecordingFollower follower, RecordingCloser closer, FollowedPanels panels, GuildPosts posts,
    SegmentSpool spool, TimeProvider time, ILogger<GuildRecorder> log)
{
    private static readonly TimeSpan PanelInterval = TimeSpan.FromSeconds(5);

    /// <summary>A recording that has just ended here, whose files are being stored. Its call is disposed once they are.</summary>
    /// <param name="closing">Completes when everything is stored.</param>
    public async Task FollowAsync(RecordedCall call, PanelState last, Task closing)
    {
        try
        {
            call.Panel.Show(last, important: true);
            while (await Task.WhenAny(closing, Task.Delay(PanelInterval, time)) != closing)
            {
                last = follower.Renewed(last, call.Panel.Posted);
                call.Panel.Show(
                    last with
                    {
                        SafeUpTo = call.Host.Upload.Safe.Sample,
                        SpoolFiles = call.Host.Upload.Spool.Files,
                        SpoolBytes = call.Host.Upload.Spool.Bytes,
                        StorageProblem = call.Panel.StorageProblem,
                    });
            }
            last = Safe(follower.Renewed(last, call.Panel.Posted));
            call.Panel.Show(last, important: true);
            last = await follower.TellStoredAsync(last, CancellationToken.None);
            await call.DisposeAsync();
            await FollowToTheEndAsync(last, call.Panel.Posted);
        }
        catch (Exception problem)
        {
            log.RecorderProblem(problem, call.GuildId);
        }
    }

    /// <summary>A recording that ended while nobody ran it: channel and starter hear of it, its panel shows what becomes of it.</summary>
    public void Follow(PanelState last, PostedPanel? posted)
    {
        panels.Keep(last, posted);
        _ = TellAsync(last, posted);
        _ = FollowQuietlyAsync(last, posted);
    }

    /// <summary>Those that an earlier process followed; a recording that has not ended after all is for others to take over.</summary>
    public void Resume()
    {
        foreach (FollowedPanel panel in panels.Load())
        {
            SessionInfo session = panel.State.Session;
            RecordingFolder folder = spool.Folder(session.RecordingId);
            if (folder.Exists && !folder.IsStopped)
            {
                panels.Forget(session);
                continue;
            }
            log.PanelFollowed(session.GuildId, session.RecordingId.ToString());
            _ = FollowQuietlyAsync(panel.State with { Phase = PanelPhase.Storing }, panel.Posted);
        }
    }

    private async Task TellAsync(PanelState last, PostedPanel? posted)
    {
        if (last.Outcome is not { } text) return;
        await using ChannelMessages channels = posts.Messages(last.Session.GuildId);
        MessageBody body = new()
        {
            Content = text,
            Components = last.Link is { } link ? [MessageComponent.Row(MessageComponent.Link("Open", link))] : null,
            AllowedMentions = new AllowedMentions(),
        };
        if (posted is not null) channels.Say(posted.ChannelId, body);
        channels.Tell(last.Session.StartedBy, body);
    }

    private async Task FollowQuietlyAsync(PanelState last, PostedPanel? posted)
    {
        try
        {
            last = follower.Begin(last);
            Task closed = closer.WhenClosed(last.Session.RecordingId);
            if (posted is not null)
            {
                PanelPublisher panel = posts.Panel(last.Session.GuildId, posted);
                panel.Show(RecordingPanel.Draw(last));
                while (await Task.WhenAny(closed, Task.Delay(PanelInterval, time)) != closed)
                {
                    PanelState shown = last;
                    last = follower.Renewed(last, panel.Posted);
                    if (last != shown) panel.Show(RecordingPanel.Draw(last));
                }
                await closed;
                last = Safe(follower.Renewed(last, panel.Posted));
                panel.Show(RecordingPanel.Draw(last), important: true);
                await panel.DisposeAsync();
                posted = panel.Posted; // another message where somebody had deleted it
                last = await follower.TellStoredAsync(last, CancellationToken.None);
            }
            await FollowToTheEndAsync(last, posted);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            log.RecorderProblem(problem, last.Session.GuildId);
        }
    }

    private async Task FollowToTheEndAsync(PanelState last, PostedPanel? posted)
    {
        panels.Keep(last = follower.Renewed(last, posted), posted);
        await follower.FollowAsync(last, posted, CancellationToken.None);
        panels.Forget(last.Session);
    }

    private static PanelState Safe(PanelState last) =>
        last with { SafeUpTo = last.Elapsed, SpoolFiles = 0, SpoolBytes = 0, StorageProblem = null };
}
