using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
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
    private readonly RecordingOpening opening;
    private readonly RecordingEnding ending;
    private readonly CallTakeover takeover;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly SerialQueue queue;
    private readonly CallJoining joining;
    private readonly CallRejoining rejoining;
    private volatile RecordedCall? current;
    private volatile bool hasMissed;
    private volatile bool handsOver;
    private volatile bool stopWanted; // while a start or a takeover was on its way

    /// <param name="rejoinDelay">Before a call that was given up is joined once more; doubles.</param>
    public GuildRecorder(ulong guildId, RecordingOpening opening, RecordingEnding ending, CallTakeover takeover, TimeSpan rejoinDelay,
        TimeProvider time, ILogger log)
    {
        (this.guildId, this.opening, this.ending, this.takeover, this.time, this.log) = (guildId, opening, ending, takeover, time, log);
        queue = new SerialQueue(problem => log.RecorderProblem(problem, guildId));
        joining = new CallJoining(time, () => handsOver || stopWanted);
        rejoining = new CallRejoining(rejoinDelay, joining, queue, (call, text) => FinishAsync(call, EndReason.Disconnected, text), time);
    }

    /// <summary>
    /// Told of a channel when its recording is ended while people are there, and of null when the next may start. Must not block.
    /// </summary>
    public event Action<ulong?>? Over;

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

    /// <summary>Goes on with a recording that another process left; when something else is recorded already, closes it.</summary>
    public Task TakeOverAsync(RecordingCandidate candidate) => queue.RunAsync(async () =>
    {
        if (handsOver || opening.IsRunning(candidate.Session.RecordingId)) return false;
        if (current is not null) await takeover.CloseAsync(candidate);
        else
        {
            stopWanted = false; // that was about another recording; a stop that comes from here on counts
            await takeover.RunAsync(candidate, Adopt, rejoining.AfterRestartAsync);
        }
        return true;
    });

    /// <summary>Something happened in the guild. What the voice call waits for goes to it at once, past the queue.</summary>
    public void OnEvent(GatewayEvent what)
    {
        RecordedCall? call = current;
        switch (what)
        {
            case GatewayEvent.VoiceStateChanged own when opening.IsSelf(own.State.UserId):
                call?.Events.Introduce(own.State); // before anything of the channel is heard to which the bot is moved
                call?.Call.OnVoiceState(own.State, own.Origin);
                break;
            case GatewayEvent.VoiceServerChanged server: call?.Call.OnVoiceServer(server.Update); break;
            case GatewayEvent.SessionStarted: call?.Call.OnGatewayRestarted(); break;
            case GatewayEvent.VoiceStateChanged other:
                call?.Events.Introduce(other.State); // the queue may be waiting for Discord
                Post(running => running.Events.OnVoiceState(other.State, other.Previous));
                break;
            case GatewayEvent.ChannelDeleted gone when gone.ChannelId == call?.ChannelId:
                _ = queue.PostSurelyAsync(() => FinishAsync(call, EndReason.Disconnected, Texts.ChannelDeleted));
                break;
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
    public void MendName() => Post(() => current is not null || handsOver ? Task.CompletedTask : opening.MendNameAsync(guildId));

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

    /// <summary>Finishes what waits in its queue.</summary>
    public ValueTask DisposeAsync() => queue.DisposeAsync();

    private async Task<StartOutcome> StartInTurnAsync(StartCall start)
    {
        if (handsOver) return new StartOutcome(null, Texts.Maintenance(time.GetUtcNow() + TimeSpan.FromMinutes(1)),
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
            log.RecorderProblem(problem, guildId);
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
        Dictionary<string, string> properties = ManifestProperties.Of(start);
        if (await opening.RenameAsync(start, properties) is { } refusal) return new StartOutcome(null, refusal, Started: false);
        RecordedCall call = await opening.OpenAsync(start, properties);
        Adopt(call);
        log.RecordingStarted(guildId, call.Session.RecordingId.ToString(), start.Channel.Id, start.StartedBy);
        Task<bool> posting = opening.PostPanelAsync(call);
        bool connected = await joining.JoinAsync(call);
        // Not behind the panel, which Discord may keep waiting for a minute: people are recorded by now.
        if (connected) call.Begin(announce: true);
        bool posted = await posting;
        if (!connected)
        {
            string text = Texts.CouldNotJoin(start.Channel.Id, call.Failure);
            await EndAsync(call, EndReason.Disconnected, text);
            return new StartOutcome(null, text, Started: false, WasStopped: stopWanted);
        }
        return new StartOutcome(call, posted ? Texts.Started(start.Channel.Id) : Texts.NoPanel(start.Channel.Id), Started: true);
    }

    /// <summary>Makes the recording this guild's own and listens to its voice call and its end.</summary>
    private void Adopt(RecordedCall call)
    {
        current = call;
        call.Consent.HeedSettings();
        call.People.IntroduceAll(); // what is kept of whom depends on who they are, from the first packet on
        _ = ListenAsync(call);
        _ = AwaitEndAsync(call);
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
                else call.Events.On(what);
            });
        }
    }

    private Task OnDisconnectedAsync(RecordedCall call, VoiceCallEvent.Disconnected lost)
    {
        log.CallEvent(guildId, $"disconnected: {lost.Reason} ({lost.Detail})");
        return rejoining.OnDisconnectedAsync(call, lost);
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
        bool goesOn = call.People.AreHere;
        string text = Texts.LimitReached(call.Host.Limit.Longest, goesOn ? call.Start.Part + 1 : null);
        call.Messages.Say(text);
        if (!goesOn)
        {
            await EndAsync(call, EndReason.Limit, text);
            return;
        }
        // They may have been changed hours ago. Asked beside the end: people go on talking meanwhile.
        Task asking = opening.HearSettingsAsync(guildId);
        await EndPartAsync(call, text);
        await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Taken down now: until here somebody may have said something to the part that has ended.
        StartCall next = opening.NextPart(call);
        StartOutcome outcome = await StartInTurnAsync(next);
        if (outcome.Started) return;
        _ = ending.SayAsync(next, outcome.Text);
        Over?.Invoke(null);
    }

    private async Task EndPartAsync(RecordedCall call, string said)
    {
        call.End();
        try
        {
            await ending.EndPartAsync(call, said);
        }
        finally
        {
            current = null;
        }
    }

    private async Task AbandonAsync(RecordedCall call)
    {
        log.RecordingStopped(guildId, call.Session.RecordingId.ToString(), "another bot has it");
        current = null;
        call.End();
        call.Panel.ForgetLink();
        await call.DisposeAsync();
    }

    private async Task TickInTurnAsync()
    {
        if (current is not { IsEnding: false } call) return;
        if (hasMissed)
        {
            hasMissed = false;
            call.Events.CatchUp();
        }
        if (call.Tick() is not { } text) return;
        call.Messages.Say(text);
        await EndAsync(call, EndReason.Stopped, text);
    }

    private async Task<StopOutcome?> StopInTurnAsync(EndReason reason, string said)
    {
        if (current is not { IsEnding: false } call) return null;
        // it goes on
        if (handsOver) return new StopOutcome(call.Session, Texts.Maintenance(time.GetUtcNow() + TimeSpan.FromMinutes(1)), null,
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
            return await ending.EndAsync(call, reason, said);
        }
        finally
        {
            if (rests) Over?.Invoke(call.ChannelId);
            current = null;
            Over?.Invoke(null);
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
        log.RecorderQueueFull(guildId, "event");
    }
}
