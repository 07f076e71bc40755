using System.Globalization;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Records one guild: starts, keeps and ends at most one recording at a time, whatever happens to the call. Everything is done in the
/// guild's own queue, so that nothing of another guild can disturb it. Public methods may be called from any thread.
/// </summary>
internal sealed class GuildRecorder : IAsyncDisposable
{
    private const int MostRejoins = 6;

    private readonly ulong guildId;
    private readonly RecorderServices services;
    private readonly SerialQueue queue;
    private readonly RecordingOpening opening;
    private readonly RecordingEnding after;
    private readonly CallJoining joining;
    private readonly CancellationTokenSource stopping = new();
    private volatile RecordedCall? current;
    private volatile bool hasMissed;
    private bool handsOver;

    public GuildRecorder(ulong guildId, RecorderServices services)
    {
        (this.guildId, this.services) = (guildId, services);
        queue = new SerialQueue(problem => services.Log.RecorderProblem(problem, guildId));
        (opening, after, joining) = (new RecordingOpening(services), new RecordingEnding(services, stopping.Token), new CallJoining(services, stopping.Token));
    }

    /// <summary>What is being recorded; null when nothing is.</summary>
    public RecordedCall? Current => current;

    /// <summary>Starts a recording and answers when audio can be received, or tells why it cannot.</summary>
    public Task<StartOutcome> StartAsync(StartCall start) => queue.RunAsync(() => StartInTurnAsync(start));

    /// <summary>Ends the recording; null when there is none. Completes when nothing more is taken, not when everything is stored.</summary>
    public Task<StopOutcome?> StopAsync(EndReason reason, string said)
    {
        joining.GiveUp();
        return queue.RunAsync(() => StopInTurnAsync(reason, said));
    }

    /// <summary>Does something with the recording that runs, in turn; null when none does.</summary>
    public Task<T?> WithCurrentAsync<T>(Func<RecordedCall, T> action) where T : class =>
        queue.RunAsync(() => Task.FromResult(current is { } call ? action(call) : null));

    /// <summary>
    /// Takes somebody out of this guild's recordings, the running one too, or back in. Out holds when this returns, whatever the queue is
    /// busy with; back in waits for its turn.
    /// </summary>
    public Task SetOptOutAsync(ulong userId, bool optedOut)
    {
        // Remembered before a recording is looked for; one that starts just now is made current before it looks at what is remembered.
        services.Settings.SetOptOuts(guildId, [userId], optedOut);
        if (!optedOut) return queue.RunAsync(() => Task.FromResult(TakeBackIn(userId)));
        current?.OptOut(userId);
        return Task.CompletedTask;
    }

    /// <summary>Goes on with a recording that another process left; when something else is recorded already, closes it.</summary>
    public Task TakeOverAsync(RecordingCandidate candidate) => queue.RunAsync(async () =>
    {
        if (handsOver || services.Hosts.Running.Any(host => host.Session.RecordingId == candidate.Session.RecordingId)) return false;
        CallTakeover takeover = new(services, candidate);
        if (current is null) await takeover.RunAsync(Adopt, JoinAgainAsync, after.Follow);
        else await takeover.CloseAsync(ownsName: false, after.Follow);
        return true;
    });

    /// <summary>The panel of a recording that ended before this process started.</summary>
    public void Follow(FollowedPanel panel) => after.Resume(panel);

    /// <summary>Something happened in the guild. What the voice call waits for goes to it at once, past the queue.</summary>
    public void OnEvent(GatewayEvent what)
    {
        RecordedCall? call = current;
        switch (what)
        {
            case GatewayEvent.VoiceStateChanged own when own.State.UserId == services.Gateway.SelfId: call?.Call.OnVoiceState(own.State, own.Origin); break;
            case GatewayEvent.VoiceServerChanged server: call?.Call.OnVoiceServer(server.Update); break;
            case GatewayEvent.SessionStarted: call?.Call.OnGatewayRestarted(); break;
            case GatewayEvent.VoiceStateChanged other: Post(running => running.OnVoiceState(other.State, other.Previous)); break;
            case GatewayEvent.GuildGone { Outage: false }:
                if (call is not null) _ = queue.PostSurelyAsync(() => FinishAsync(call, EndReason.Disconnected, Texts.RemovedFromServer));
                break;
            default: break;
        }
    }

    /// <summary>About once a second.</summary>
    public void Tick()
    {
        if (current is { IsEnding: false }) Post(TickInTurnAsync);
    }

    /// <summary>Gives back a name that a crash left; only when no recording of this guild waits to be taken over.</summary>
    public void MendName() => Post(async () =>
    {
        if (current is not null || handsOver || services.Gateway.Guilds.Find(guildId)?.Members.GetValueOrDefault(services.Gateway.SelfId) is not { } self) return;
        await services.Names.MendAsync(guildId, self.Nick, services.Gateway.Guilds.Self?.DisplayName ?? "", stopping.Token);
    });

    /// <summary>This bot goes: leaves the call, so that the recording can be handed over.</summary>
    public Task LeaveForHandOverAsync()
    {
        joining.GiveUp();
        return queue.RunAsync(async () =>
        {
            handsOver = true;
            // The call alone: the next bot waits for us and draws the same panel again.
            if (current is { } call) await call.Call.DisposeAsync();
            return true;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await queue.DisposeAsync();
        await after.DisposeAsync();
        stopping.Dispose();
    }

    private async Task<StartOutcome> StartInTurnAsync(StartCall start)
    {
        if (handsOver) return new StartOutcome(null, Texts.Maintenance(services.Time.GetUtcNow() + TimeSpan.FromMinutes(1)), Started: false);
        if (current is { } running)
        {
            string text = running.ChannelId == start.Channel.Id ? Texts.AlreadyRecording(running.Session) : Texts.BusyElsewhere(running.Session);
            running.Panel.Show(RecordingPanel.Draw(running.Draw()), important: true); // posts it again when somebody deleted it
            return new StartOutcome(running, text, Started: false);
        }
        try
        {
            return await StartNewAsync(start);
        }
        catch (Exception problem) when (DiskFailure.Is(problem))
        {
            services.Log.RecorderProblem(problem, guildId);
            return new StartOutcome(null, Texts.CouldNotStart("my disk takes no files"), Started: false);
        }
    }

    private async Task<StartOutcome> StartNewAsync(StartCall start)
    {
        // The name first: nobody is recorded before it says so.
        Dictionary<string, string> properties = RecordingOpening.Properties(start);
        if (await opening.RenameAsync(start, properties, stopping.Token) is { } refusal) return new StartOutcome(null, refusal, Started: false);
        ActiveRecording host = await HostAsync(start, properties);
        RecordedCall call = Adopt(host, start, null);
        services.Log.RecordingStarted(guildId, host.Session.RecordingId.ToString(), start.Channel.Id, start.StartedBy);
        Task<bool> posting = opening.PostPanelAsync(call, stopping.Token);
        VoiceCallState state = await joining.JoinAsync(call);
        bool posted = await posting;
        if (state != VoiceCallState.Connected)
        {
            string text = Texts.CouldNotJoin(start.Channel.Id, RecordingOpening.Explain(call.Call.EndReason));
            await EndAsync(call, EndReason.Disconnected, text);
            return new StartOutcome(null, text, Started: false);
        }
        call.Begin(announce: true);
        return new StartOutcome(call, posted ? Texts.Started(start.Channel.Id) : Texts.NoPanel(start.Channel.Id), Started: true);
    }

    private async Task<ActiveRecording> HostAsync(StartCall start, Dictionary<string, string> properties)
    {
        try
        {
            return await services.Hosts.StartAsync(new StartRecordingRequest
            {
                GuildId = guildId,
                GuildName = start.Guild.Name is { Length: > 0 } name ? name : guildId.ToString(CultureInfo.InvariantCulture),
                ChannelId = start.Channel.Id,
                StartedBy = start.StartedBy,
                Title = start.Title,
                Properties = properties,
                OptedOut = services.Settings.OptedOut(guildId),
            }, stopping.Token);
        }
        catch when (properties.ContainsKey(ManifestProperties.NameChanged))
        {
            // Nothing is recorded, so the name must not say so.
            await services.Names.RestoreAsync(guildId, properties.GetValueOrDefault(ManifestProperties.NameBefore), stopping.Token);
            throw;
        }
    }

    /// <summary>Makes the recording this guild's own and listens to its voice call and its end.</summary>
    private RecordedCall Adopt(ActiveRecording host, StartCall start, PostedPanel? panel)
    {
        VoiceCall voice = new(services.Options.Voice, (guild, channel, token) => services.Gateway.UpdateVoiceStateAsync(guild, channel, selfMute: false, selfDeaf: false, token), services.Time, services.Log);
        RecordedCall call = new(services, host, voice, start, panel);
        current = call;
        call.HeedSettings();
        _ = ListenAsync(call);
        _ = AwaitEndAsync(call);
        return call;
    }

    private bool TakeBackIn(ulong userId)
    {
        // Somebody may have changed their mind again while this waited.
        if (services.Settings.IsOptedOut(guildId, userId)) return false;
        return current?.Host.SetOptOut(userId, optedOut: false) ?? false;
    }

    private async Task JoinAgainAsync(RecordedCall call)
    {
        if (await joining.JoinAsync(call) == VoiceCallState.Connected)
        {
            call.Begin(announce: false);
            return;
        }
        call.OnLost("the call could not be joined after a restart");
        RejoinLater(call);
    }

    private async Task ListenAsync(RecordedCall call)
    {
        await foreach (VoiceCallEvent what in call.Call.Events.ReadAllAsync())
        {
            if (what is VoiceCallEvent.UserHealth) continue;
            await queue.PostSurelyAsync(async () =>
            {
                if (current != call || call.IsEnding) return;
                if (what is VoiceCallEvent.Disconnected lost) await OnDisconnectedAsync(call, lost);
                else call.OnCallEvent(what);
            });
        }
    }

    /// <summary>The host ends by itself at its limit, or when another bot has the recording.</summary>
    private async Task AwaitEndAsync(RecordedCall call)
    {
        RecordingEnd end = await call.Host.Ended;
        await queue.PostSurelyAsync(async () =>
        {
            if (current != call || call.IsEnding) return;
            if (end == RecordingEnd.Limit) await GoOnInNewPartAsync(call);
            else if (end == RecordingEnd.Lost) await AbandonAsync(call);
        });
    }

    private async Task GoOnInNewPartAsync(RecordedCall call)
    {
        StartCall next = call.Start with { Part = call.Start.Part + 1, Channel = ChannelOf(call) };
        string text = Texts.LimitReached(services.Capture.MaximumDuration, next.Part);
        call.Say(text);
        bool goesOn = call.HasPeople;
        await EndAsync(call, EndReason.Limit, text);
        if (goesOn) await StartInTurnAsync(next);
    }

    private GuildChannel ChannelOf(RecordedCall call) =>
        services.Gateway.Guilds.Find(guildId)?.Channels.GetValueOrDefault(call.ChannelId) ?? call.Start.Channel with { Id = call.ChannelId };

    private async Task AbandonAsync(RecordedCall call)
    {
        services.Log.RecordingStopped(guildId, call.Session.RecordingId.ToString(), "another bot has it");
        current = null;
        call.End();
        await call.DisposeAsync();
    }

    /// <summary>The voice call has given up or was ended for it. Kicked means the end; everything else is tried again while people are there.</summary>
    private async Task OnDisconnectedAsync(RecordedCall call, VoiceCallEvent.Disconnected lost)
    {
        services.Log.CallEvent(guildId, $"disconnected: {lost.Reason} ({lost.Detail})");
        switch (lost.Reason)
        {
            case VoiceEndReason.Requested:
                break;
            case VoiceEndReason.Kicked:
                await FinishAsync(call, EndReason.Disconnected, await DisconnectReason.WhyAsync(services.Gateway, guildId, call.ChannelId, services.Time, stopping.Token));
                break;
            case VoiceEndReason.RateLimited or VoiceEndReason.EncryptionRequired or VoiceEndReason.NoCommonMode:
                await FinishAsync(call, EndReason.Disconnected, at => Texts.GaveUp(1, at));
                break;
            default:
                call.OnLost(lost.Detail);
                RejoinLater(call);
                break;
        }
    }

    private void RejoinLater(RecordedCall call)
    {
        if (call.IsRejoinDue) return;
        call.IsRejoinDue = true;
        _ = RejoinLaterAsync(call);
    }

    private async Task RejoinLaterAsync(RecordedCall call)
    {
        TimeSpan wait = services.Options.RejoinDelay * Math.Pow(2, call.Rejoins++);
        try
        {
            await Task.Delay(wait, services.Time, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        await queue.PostSurelyAsync(() => RejoinAsync(call));
    }

    private async Task RejoinAsync(RecordedCall call)
    {
        if (current != call || call.IsEnding) return;
        if (!call.HasPeople) call.Rejoins--; // nobody misses anything; the timeout of an empty channel ends it
        else if (await joining.JoinAsync(call) == VoiceCallState.Connected)
        {
            (call.Rejoins, call.IsRejoinDue) = (0, false);
            call.OnBack(null);
            return;
        }
        else if (call.Rejoins >= MostRejoins)
        {
            await FinishAsync(call, EndReason.Disconnected, at => Texts.GaveUp(call.Rejoins, at));
            return;
        }
        call.IsRejoinDue = false;
        RejoinLater(call);
    }

    private async Task TickInTurnAsync()
    {
        if (current is not { IsEnding: false } call) return;
        if (hasMissed)
        {
            hasMissed = false;
            call.CatchUp();
        }
        if (!call.Tick()) return;
        string text = Texts.EndedEmpty(services.Options.EmptyTimeout);
        call.Say(text);
        await EndAsync(call, EndReason.Stopped, text);
    }

    private async Task<StopOutcome?> StopInTurnAsync(EndReason reason, string said)
    {
        if (current is not { IsEnding: false } call) return null;
        if (handsOver) return new StopOutcome(call.Session, Texts.Maintenance(services.Time.GetUtcNow() + TimeSpan.FromMinutes(1)), null, Delivered: true); // it goes on
        call.Note(said);
        return await EndAsync(call, reason, said);
    }

    /// <summary>Ended from outside: the channel and the starter hear why.</summary>
    private async Task FinishAsync(RecordedCall call, EndReason reason, Func<string, string> text)
    {
        if (current != call || call.IsEnding) return;
        string said = text(Wording.Position(call.Host.Snapshot.SampleCount));
        bool canStartAgain = services.Gateway.Guilds.Find(guildId)?.Channels.ContainsKey(call.ChannelId) == true;
        call.Say(said, canStartAgain ? call.StartAgainButton : null);
        call.Voice.Tell(call.Session.StartedBy, new MessageBody { Content = said });
        await EndAsync(call, reason, said);
    }

    private async Task<StopOutcome> EndAsync(RecordedCall call, EndReason reason, string said)
    {
        call.End();
        try
        {
            return await after.EndAsync(call, reason, said);
        }
        finally
        {
            current = null;
        }
    }

    // Who comes and goes may be more than the queue takes; the next tick looks at the whole call instead.
    private void Post(Action<RecordedCall> action) => Post(() =>
    {
        if (current is { IsEnding: false } call) action(call);
        return Task.CompletedTask;
    });

    private void Post(Func<Task> action)
    {
        if (queue.Post(action)) return;
        hasMissed = true;
        services.Log.RecorderQueueFull(guildId, "event");
    }
}
