using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>Ends recordings and sees to what follows: the name, the link to the starter, the panel until everything is finalized.</summary>
internal sealed class RecordingEnding(RecorderServices services, CancellationToken stopping) : IAsyncDisposable
{
    /// <summary>Between two parts people go on talking, and nobody listens: so long the recording API is waited for there.</summary>
    public static readonly TimeSpan PatienceBetweenParts = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan PanelInterval = TimeSpan.FromSeconds(5);

    private readonly BackgroundTasks running = new();

    /// <summary>
    /// Leaves the call and closes the recording. Returns when nothing more is taken; storing and finalizing are followed in the
    /// background.
    /// </summary>
    public async Task<StopOutcome> EndAsync(RecordedCall call, EndReason reason, string said)
    {
        SessionInfo session = call.Session;
        await call.Call.LeaveAsync(CancellationToken.None);
        // From before the end on: a process that dies now leaves a panel that the next one follows.
        services.Panels.Keep(call.Panel.Draw() with { Phase = PanelPhase.Storing, Outcome = said }, call.Panel.Posted);
        Task closing = call.Host.StopAsync(reason, CancellationToken.None);
        await Task.WhenAny(call.Host.Ended, closing);
        services.Log.RecordingStopped(session.GuildId, session.RecordingId.ToString(), reason.ToString());
        await RestoreNameAsync(call);
        PanelState last = call.Panel.Draw() with { Phase = PanelPhase.Storing, Outcome = said };
        (RecordingLink? link, RecordingLink? own) = await LinksAsync(session, reason);
        StarterNews? told = await TellStarterAsync(call, last, closing.IsCompleted ? 0 : call.Host.WaitingFiles, own);
        last = last.With(link) with { Told = told };
        services.Panels.Keep(last, call.Panel.Posted);
        running.Add(FollowAsync(call, last, closing));
        string text = call.Panel.Posted is null ? Texts.StoppingWithoutPanel : Texts.Stopping;
        return new StopOutcome(session, text, own?.Url, told is not null || last.Speakers.Count == 0);
    }

    /// <summary>For those who see the panel, and for the starter: that one may delete too, and goes to nobody else.</summary>
    private async Task<(RecordingLink? Link, RecordingLink? Own)> LinksAsync(SessionInfo session, EndReason reason)
    {
        using CancellationTokenSource patience = new(reason == EndReason.Limit ? PatienceBetweenParts : Timeout.InfiniteTimeSpan,
            services.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        Task<RecordingLink?> asking = services.Links.ForStarterAsync(session.RecordingId, either.Token);
        RecordingLink? link = services.Links.MadeFor(session.RecordingId) ?? RecordingLink.To(await PageAsync(session, either.Token));
        services.Links.Forget(session.RecordingId);
        try
        {
            return (link, await asking ?? link);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return (link, link);
        }
    }

    private async Task<string?> PageAsync(SessionInfo session, CancellationToken patience)
    {
        try
        {
            return await services.Follower.LinkAsync(session, patience);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return services.Api.PageOf(session.RecordingId.ToString());
        }
    }

    /// <summary>A sentence in the channel of a recording that has ended already.</summary>
    public void Say(StartCall start, string text) => running.Add(SayAsync(start, text));

    /// <summary>A recording that ended while nobody ran it: channel and starter hear of it, its panel shows what becomes of it.</summary>
    public void Follow(PanelState last, PostedPanel? posted)
    {
        services.Panels.Keep(last, posted);
        running.Add(TellAsync(last, posted));
        running.Add(FollowQuietlyAsync(last, posted, services.Time.GetUtcNow()));
    }

    /// <summary>A panel that an earlier process followed.</summary>
    public void Resume(FollowedPanel panel)
    {
        services.Log.PanelFollowed(panel.State.Session.GuildId, panel.State.Session.RecordingId.ToString());
        running.Add(FollowQuietlyAsync(panel.State with { Phase = PanelPhase.Storing }, panel.Posted, panel.Since));
    }

    /// <summary>Waits for what was begun; the token that was handed in ends it soon.</summary>
    public async ValueTask DisposeAsync() => await running.WhenDoneAsync(CancellationToken.None);

    private Task RestoreNameAsync(RecordedCall call) => call.Host.Properties.ContainsKey(ManifestProperties.NameChanged)
        ? services.Names.RestoreAsync(call.GuildId,
        call.Host.Properties.TryGetValue(ManifestProperties.NameBefore, out string? before) ? before : null, stopping)
        : Task.CompletedTask;

    /// <summary>Null: nobody was heard, or the starter takes no direct messages.</summary>
    private static async Task<StarterNews?> TellStarterAsync(RecordedCall call, PanelState last, int pending, RecordingLink? link)
    {
        if (last.Speakers.Count == 0) return null;
        int voices = last.Speakers.Count(speaker => !speaker.OptedOut);
        string text = Texts.Ended(call.Session, SampleClock.ToTime(last.Elapsed), voices, pending, link?.OpensForAnybody == true);
        PostedPanel? message = await call.Messages.TryTellStarterAsync(RecordingFollower.ToStarter(text, link?.Url));
        return message is null ? null : new StarterNews(message, link?.Url, link?.ExpiresAt, voices, pending == 0);
    }

    private async Task SayAsync(StartCall start, string text)
    {
        await using ChannelMessages channels = new(services.Rest, start.Guild.Id, services.Time, services.Log);
        channels.Say(start.PanelChannel ?? start.Channel.Id, new MessageBody { Content = text, AllowedMentions = new AllowedMentions() });
    }

    private async Task TellAsync(PanelState last, PostedPanel? posted)
    {
        if (last.Outcome is not { } text) return;
        await using ChannelMessages voice = new(services.Rest, last.Session.GuildId, services.Time, services.Log);
        MessageBody body = new()
        {
            Content = text,
            Components = last.Link is { } link ? [MessageComponent.Row(MessageComponent.Link("Open", link))] : null,
            AllowedMentions = new AllowedMentions(),
        };
        if (posted is not null) voice.Say(posted.ChannelId, body);
        voice.Tell(last.Session.StartedBy, body);
    }

    private async Task FollowQuietlyAsync(PanelState last, PostedPanel? posted, DateTimeOffset since)
    {
        try
        {
            Task closed = services.Closer.WhenClosed(last.Session.RecordingId);
            if (posted is not null)
            {
                PanelPublisher panel = new(services.Rest, last.Session.GuildId, posted, services.Time, services.Log);
                panel.Show(RecordingPanel.Draw(last));
                await closed.WaitAsync(stopping);
                panel.Show(RecordingPanel.Draw(last = Safe(last)), important: true);
                await panel.DisposeAsync();
                await services.Follower.TellStoredAsync(last, stopping);
            }
            await FollowToTheEndAsync(last, posted, since);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            services.Log.RecorderProblem(problem, last.Session.GuildId);
        }
    }

    private async Task FollowToTheEndAsync(PanelState last, PostedPanel? posted, DateTimeOffset since)
    {
        await services.Follower.FollowAsync(last, posted, since, stopping);
        services.Panels.Forget(last.Session);
    }

    private static PanelState Safe(PanelState last) =>
        last with { SafeUpTo = last.Elapsed, SpoolFiles = 0, SpoolBytes = 0, StorageProblem = null };

    private async Task FollowAsync(RecordedCall call, PanelState last, Task closing)
    {
        try
        {
            call.Panel.Show(last, important: true);
            while (await Task.WhenAny(closing, Task.Delay(PanelInterval, services.Time, stopping)) != closing)
            {
                stopping.ThrowIfCancellationRequested();
                call.Panel.Show(
                    last with
                    {
                        SafeUpTo = call.Host.Upload.Safe.Sample,
                        SpoolFiles = call.Host.Upload.Spool.Files,
                        SpoolBytes = call.Host.Upload.Spool.Bytes,
                        StorageProblem = call.Panel.StorageProblem,
                    });
            }
            last = Safe(last);
            call.Panel.Show(last, important: true);
            await services.Follower.TellStoredAsync(last, stopping);
            await call.DisposeAsync();
            await FollowToTheEndAsync(last, call.Panel.Posted, services.Time.GetUtcNow());
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await call.DisposeAsync();
        }
        catch (Exception problem)
        {
            services.Log.RecorderProblem(problem, call.GuildId);
        }
    }
}

/// <summary>What the one who stopped a recording is told.</summary>
/// <param name="Text">For the caller only.</param>
/// <param name="Link">Where it can be opened; null without an API.</param>
/// <param name="Delivered">The starter has the link by direct message.</param>
internal sealed record StopOutcome(SessionInfo Session, string Text, string? Link, bool Delivered);
