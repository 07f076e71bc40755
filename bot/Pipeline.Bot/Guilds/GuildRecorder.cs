using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Records one guild: starts, keeps and ends at most one recording at a time, whatever happens to the call. Everything is done in the
/// guild's own queue, so that nothing of another guild can disturb it. Public methods may be called from any thread.
/// </summary>
internal sealed class GuildRecorder : IAsyncDisposable
{
    private readonly ulong guildId;
    private readonly RecorderServices services;
    private readonly Action<ulong?>? over;
    private readonly SerialQueue queue;
    private readonly RecordingOpening opening;
    private readonly RecordingEnding after;
    private readonly CallJoining joining;
    private readonly CallRejoining rejoining;
    private readonly CancellationTokenSource stopping = new();
    private volatile RecordedCall? current;
    private volatile bool hasMissed;
    private volatile bool handsOver;
    private volatile bool stopWanted; // while a start was on its way

    /// <param name="over">Called with its channel when a recording is ended while people are there, and with null when the next may start;
    /// must not block.</param>
    public GuildRecorder(ulong guildId, RecorderServices services, Action<ulong?>? over = null)
    {
        (this.guildId, this.services, this.over) = (guildId, services, over);
        queue = new SerialQueue(problem => services.Log.RecorderProblem(problem, guildId));
        opening = new RecordingOpening(services.Gateway, services.Hosts, services.Names, services.Settings, services.Options, services.Time,
            services.Log);
        after = new RecordingEnding(services, stopping.Token);
        joining = new CallJoining(services.Gateway, services.Time, () => handsOver || stopWanted, stopping.Token);
        rejoining = new CallRejoining(services, joining, queue, (call, text) =>
            FinishAsync(call, EndReason.Disconnected, text), stopping.Token);
    }

    /// <summary>What is being recorded; null when nothing is.</summary>
    public RecordedCall? Current => current;

    /// <summary>This bot goes; another one goes on.</summary>
    public bool IsLeaving => handsOver;

    /// <summary>Starts a recording and answers when audio can be received, or tells why it cannot.</summary>
    public Task<StartOutcome> StartAsync(StartCall start) => queue.RunAsync(() => StartInTurnAsync(start));

    /// <summary>Ends the recording; null when there is none. Completes when nothing more is taken, not when everything is stored.</summary>
    public Task<StopOutcome?> StopAsync(EndReason reason, string said)
    {
        stopWanted = true;
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
    /// <param name="button">What was pressed or typed, for the recording's ledger.</param>
    public Task SetOptOutAsync(ulong userId, bool optedOut, string button)
    {
        // Remembered before a recording is looked for; one that starts just now is made current before it looks at what is remembered.
        services.Settings.SetOptOuts(guildId, [userId], optedOut);
        if (!optedOut) return queue.RunAsync(() => Task.FromResult(TakeBackIn(userId)));
        current?.OptOut(userId, button);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Takes somebody out of the recording that runs, for good: nothing more is taken, what is here of them goes, and its ledger says so.
    /// What the storage has of them is for the recording API to erase.
    /// </summary>
    /// <returns>Which recording that is; null: none runs.</returns>
    public SessionInfo? Erase(ulong userId, string button)
    {
        RecordedCall? call = current;
        call?.Erase(userId, button);
        return call?.Session;
    }

    /// <summary>Somebody agrees to be recorded in the recording that runs. What the answer is; null: none runs.</summary>
    public string? Agree(ulong userId) => current?.Agree(userId);

    /// <summary>Goes on with a recording that another process left; when something else is recorded already, closes it.</summary>
    public Task TakeOverAsync(RecordingCandidate candidate) => queue.RunAsync(async () =>
    {
        if (handsOver || services.Hosts.Running.Any(host => host.Session.RecordingId == candidate.Session.RecordingId)) return false;
        CallTakeover takeover = new(services, candidate);
        if (current is null) await takeover.RunAsync(Adopt, rejoining.AfterRestartAsync, after.Follow);
        else await takeover.CloseAsync(WhyClosed.AnotherRuns, after.Follow);
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
            case GatewayEvent.VoiceStateChanged own when own.State.UserId == services.Gateway.SelfId:
                call?.Call.OnVoiceState(own.State, own.Origin); break;
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
        if (current is not null || handsOver
            || services.Gateway.Guilds.Find(guildId)?.Members.GetValueOrDefault(services.Gateway.SelfId) is not { } self) return;
        await services.Names.MendAsync(guildId, self.Nick, services.Gateway.Guilds.Self?.DisplayName ?? "", stopping.Token);
    });

    /// <summary>This bot goes: leaves the call, so that the recording can be handed over.</summary>
    public Task LeaveForHandOverAsync()
    {
        handsOver = true;
        joining.GiveUp();
        return queue.RunAsync(async () =>
        {
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
        if (handsOver) return new StartOutcome(null, Texts.Maintenance(services.Time.GetUtcNow() + TimeSpan.FromMinutes(1)),
            Started: false);
        if (current is { } running && running.ChannelId != start.Channel.Id && !running.People.AreHere)
            await MakeWayAsync(running, start.Channel.Id);
        else if (current is not null)
        {
            running = current;
            string text = running.ChannelId == start.Channel.Id ? Texts.AlreadyRecording(running.Session, running.ChannelId)
                : Texts.BusyElsewhere(running.Session, running.ChannelId);
            running.Panel.ShowAgain(); // posts it again when somebody deleted it
            return new StartOutcome(running, text, Started: false);
        }
        try
        {
            return await StartNewAsync(start);
        }
        catch (Exception problem) when (RecordingOpening.IsRefusedByDisk(problem))
        {
            services.Log.RecorderProblem(problem, guildId);
            return new StartOutcome(null, Texts.CouldNotStart("my disk takes no files"), Started: false);
        }
    }

    /// <summary>A call that everybody has left does not keep the bot from the next one.</summary>
    private async Task MakeWayAsync(RecordedCall deserted, ulong channel)
    {
        string text = Texts.MadeWay(channel);
        deserted.Messages.Say(text);
        await EndAsync(deserted, EndReason.Stopped, text);
    }

    private async Task<StartOutcome> StartNewAsync(StartCall start)
    {
        stopWanted = false;
        // The name first: nobody is recorded before it says so.
        Dictionary<string, string> properties = RecordingOpening.Properties(start);
        if (await opening.RenameAsync(start, properties, stopping.Token) is { } refusal)
            return new StartOutcome(null, refusal, Started: false);
        ActiveRecording host = await opening.HostAsync(start, properties, stopping.Token);
        RecordedCall call = Adopt(host, start, null);
        services.Log.RecordingStarted(guildId, host.Session.RecordingId.ToString(), start.Channel.Id, start.StartedBy);
        Task<bool> posting = opening.PostPanelAsync(call, stopping.Token);
        bool connected = await joining.JoinAsync(call);
        bool posted = await posting;
        if (!connected)
        {
            string text = Texts.CouldNotJoin(start.Channel.Id, VoiceFailure.Explain(call.Call.EndReason, call.Call.CloseCode));
            await EndAsync(call, EndReason.Disconnected, text);
            return new StartOutcome(null, text, Started: false, WasStopped: stopWanted);
        }
        call.Begin(announce: true);
        return new StartOutcome(call, posted ? Texts.Started(start.Channel.Id) : Texts.NoPanel(start.Channel.Id), Started: true);
    }

    /// <summary>Makes the recording this guild's own and listens to its voice call and its end.</summary>
    private RecordedCall Adopt(ActiveRecording host, StartCall start, PostedPanel? panel)
    {
        RecordedCall call = new(services, host, opening.NewCall(), start, panel);
        current = call;
        call.HeedSettings();
        _ = ListenAsync(call);
        _ = AwaitEndAsync(call);
        return call;
    }

    private bool TakeBackIn(ulong userId)
    {
        // Somebody may have changed their mind again while this waited.
        if (services.Settings.IsOptedOut(guildId, userId) || current?.IsErased(userId) == true) return false;
        return current?.Host.SetOptOut(userId, optedOut: false) ?? false;
    }

    private async Task ListenAsync(RecordedCall call)
    {
        await foreach (VoiceCallEvent what in call.Call.Events.ReadAllAsync())
        {
            if (what is VoiceCallEvent.UserHealth) continue;
            await queue.PostSurelyAsync(async () =>
            {
                if (current != call || call.IsEnding) return;
                if (what is VoiceCallEvent.Disconnected lost) await rejoining.OnDisconnectedAsync(call, lost);
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
        StartCall next = call.Start with
        {
            Part = call.Start.Part + 1,
            Channel = call.People.Channel(call.Start.Channel),
            Said = call.Host.Ledger,
        };
        bool goesOn = call.People.AreHere;
        string text = Texts.LimitReached(services.Capture.MaximumDuration, goesOn ? next.Part : null);
        call.Messages.Say(text);
        // They may have been changed hours ago. Asked beside the end, which has the same patience: people go on talking meanwhile.
        using CancellationTokenSource patience = new(RecordingEnding.PatienceBetweenParts, services.Time);
        Task asking = services.Settings.GetAsync(guildId, patience.Token);
        await EndAsync(call, EndReason.Limit, text);
        if (!goesOn) return;
        await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        StartOutcome outcome = await StartInTurnAsync(next with { Settings = services.Settings.AtHand(guildId) });
        if (!outcome.Started) after.Say(next, outcome.Text);
    }

    private async Task AbandonAsync(RecordedCall call)
    {
        services.Log.RecordingStopped(guildId, call.Session.RecordingId.ToString(), "another bot has it");
        current = null;
        call.End();
        await call.DisposeAsync();
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
        string text = Texts.EndedEmpty(services.Options.EmptyTimeout, call.HadPeople);
        call.Messages.Say(text);
        await EndAsync(call, EndReason.Stopped, text);
    }

    private async Task<StopOutcome?> StopInTurnAsync(EndReason reason, string said)
    {
        if (current is not { IsEnding: false } call) return null;
        // it goes on
        if (handsOver) return new StopOutcome(call.Session, Texts.Maintenance(services.Time.GetUtcNow() + TimeSpan.FromMinutes(1)), null,
            Delivered: true);
        call.Panel.Note(said);
        return await EndAsync(call, reason, said);
    }

    /// <summary>Ended from outside: the channel and the starter hear why.</summary>
    private async Task FinishAsync(RecordedCall call, EndReason reason, Func<string, string> text)
    {
        if (current != call || call.IsEnding) return;
        string said = text(call.Panel.Position);
        call.Messages.Say(said, call.People.HasChannel ? call.Messages.StartAgainButton : null);
        call.Messages.TellStarter(said);
        await EndAsync(call, reason, said);
    }

    private async Task<StopOutcome> EndAsync(RecordedCall call, EndReason reason, string said)
    {
        // Whom a rule must not record again at once: people whose recording was ended while they were there. A length limit is no such
        // end, and who comes only now, after an empty call, has ended nothing.
        bool rests = reason != EndReason.Limit && call.People.AreHere;
        call.End();
        try
        {
            return await after.EndAsync(call, reason, said);
        }
        finally
        {
            if (rests) over?.Invoke(call.ChannelId);
            current = null;
            over?.Invoke(null);
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
