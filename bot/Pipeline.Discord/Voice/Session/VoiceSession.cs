using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// One voice connection: from Identify to its end, over as many websockets as resuming takes. Two hands: this control loop (one task,
/// inputs in arrival order) owns websocket state and the SSRC map and publishes an immutable <see cref="MediaSnapshot"/>; the
/// <see cref="MediaThread"/> reads it. Discord: Voice Connections. Its states are those of <see cref="VoiceSessionPhase"/>.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "RunAsync opens and closes them; a session that did not run owns nothing.")]
public sealed class VoiceSession
{
    private const int ResumableCloseCode = 4000;
    private const int FinalCloseCode = 1000;
    private const int InputCapacity = 1024;

    private static readonly TimeSpan HouseInterval = TimeSpan.FromSeconds(1);

    private readonly VoiceSessionIdentity identity;
    private readonly VoiceSessionOptions options;
    private readonly Action<VoiceSessionNews> report;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Channel<VoiceSessionInput> inputs = Channel.CreateBounded<VoiceSessionInput>(
        new BoundedChannelOptions(InputCapacity) { SingleReader = true });
    private readonly SsrcMap ssrcs;
    private readonly VoiceHeartbeat heartbeat;
    private readonly AnswerWatch answers;
    private readonly Alarm phaseAlarm;
    private readonly Alarm houseAlarm;
    private readonly VoiceEncryption encryption;
    private readonly VoiceMedia media;
    private readonly VoicePeople people;
    private VoiceLink? link;
    private VoiceSessionPhase phase;
    private VoiceSessionEnd? end;
    private string mode = "";
    private int lastSequence = -1;
    private int resumeTries;
    private bool isResuming;
    private ReadOnlyMemory<byte>? unsaid; // the Speaking message that waits for a connection that knows us

    /// <param name="identity">What the main gateway gave; used once.</param>
    /// <param name="options">Limits and waits.</param>
    /// <param name="frames">This session becomes the ring's only writer until <see cref="RunAsync"/> has returned.</param>
    /// <param name="report">Called on the control loop, in order; must not block.</param>
    /// <param name="time">Its timestamps are the frames' arrival times.</param>
    /// <param name="logger">Never sees tokens or keys.</param>
    /// <param name="ladder">Shared by the sessions of one call, so that joining again is a step on it; null for one of its own.</param>
    public VoiceSession(VoiceSessionIdentity identity, VoiceSessionOptions options, AudioFrameRing frames, Action<VoiceSessionNews> report,
        TimeProvider time, ILogger logger, RecoveryLadder? ladder = null)
    {
        (this.identity, this.options, this.report) = (identity, options, report);
        (this.time, this.logger) = (time, logger);
        (ssrcs, heartbeat, answers) = (new SsrcMap(time), new VoiceHeartbeat(time), new AnswerWatch(time));
        (phaseAlarm, houseAlarm) = (new Alarm(time), new Alarm(time));
        encryption = new VoiceEncryption(identity, ladder ?? new RecoveryLadder(time), report, time, logger);
        media = new VoiceMedia(options, frames, ssrcs, encryption, inputs.Writer, new MediaReport(time, logger, identity.GuildId), time);
        people = new VoicePeople(identity.UserId, ssrcs, media, report);
    }

    /// <summary>Counters up to now; any thread, also after the end.</summary>
    public VoiceHealth Health => media.Health;

    /// <summary>End-to-end encryption up to now: members, privacy code; any thread.</summary>
    public DaveSnapshot Encryption => encryption.Snapshot;

    /// <summary>Runs until the session is over. Called once; never throws.</summary>
    public async Task<VoiceSessionEnd> RunAsync(CancellationToken cancellation)
    {
        await using ITimer timer = time.CreateTimer(_ =>
            inputs.Writer.TryWrite(VoiceSessionInput.Tick.Instance), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration stop = cancellation.Register(() => inputs.Writer.TryWrite(VoiceSessionInput.Stop.Instance));
        try
        {
            OpenLink();
            houseAlarm.Set(HouseInterval);
            while (end is null && !cancellation.IsCancellationRequested)
            {
                timer.Change(NextDue(), Timeout.InfiniteTimeSpan);
                VoiceSessionInput input = await inputs.Reader.ReadAsync(CancellationToken.None);
                await TakeAsync(input);
            }
            Finish(VoiceSessionEndKind.Stopped, "");
        }
        catch (Exception e)
        {
            // The edge of the session: one session's error touches no other recording.
            VoiceLog.SessionFailed(logger, identity.GuildId, e);
            end = null; // whatever it was about to end with
            Finish(VoiceSessionEndKind.Failed, e.GetType().Name);
        }
        try
        {
            await CloseAsync();
        }
        catch (Exception e)
        {
            // The call has to hear of the end all the more: only then does it join again.
            VoiceLog.SessionFailed(logger, identity.GuildId, e);
        }
        return end!;
    }

    private async Task TakeAsync(VoiceSessionInput input)
    {
        switch (input)
        {
            case VoiceSessionInput.Opened opened when opened.Link == link:
                Enter(VoiceSessionPhase.AwaitingHello, options.HelloTimeout);
                break;
            case VoiceSessionInput.Received received when received.Link == link:
                await OnMessageAsync(received.IsBinary ? VoiceMessageReader.ReadBinary(received.Message)
                    : VoiceMessageReader.ReadText(received.Message));
                break;
            case VoiceSessionInput.Closed closed when closed.Link == link:
                await OnClosedAsync(closed.CloseCode, closed.Problem);
                break;
            case VoiceSessionInput.DiscoveryReplied replied:
                await OnDiscoveredAsync(replied.Datagram);
                break;
            case VoiceSessionInput.SourceFound found:
                people.Take(found.Source);
                break;
            case VoiceSessionInput.MediaFailed failed:
                VoiceLog.SessionFailed(logger, identity.GuildId, failed.Error);
                Finish(VoiceSessionEndKind.Failed, failed.Error.GetType().Name);
                break;
            case VoiceSessionInput.Tick:
                await OnTickAsync();
                break;
        }
    }

    private async Task OnMessageAsync(VoiceMessage message)
    {
        if (message.Sequence is { } sequence) lastSequence = sequence;
        switch (message)
        {
            case VoiceMessage.Hello hello:
                await OnHelloAsync(hello);
                break;
            case VoiceMessage.Ready ready when phase == VoiceSessionPhase.Identifying:
                OnReady(ready);
                break;
            case VoiceMessage.SessionDescription description:
                await OnSessionDescriptionAsync(description);
                break;
            case VoiceMessage.HeartbeatRequest:
                await SendHeartbeatAsync();
                break;
            case VoiceMessage.HeartbeatAck:
                heartbeat.Answered();
                answers.BeatAnswered();
                if (phase == VoiceSessionPhase.Live) resumeTries = 0;
                break;
            case VoiceMessage.Resumed when phase == VoiceSessionPhase.Resuming:
                isResuming = false;
                EnterLive();
                if (unsaid is { } speaking) await SayAsync(speaking);
                answers.Resumed();
                report(new VoiceSessionNews.Resumed());
                break;
            case VoiceMessage.Malformed malformed:
                VoiceLog.MalformedMessage(logger, identity.GuildId, malformed.Opcode);
                break;
            case VoiceMessage.BackendVersion version:
                VoiceLog.BackendVersion(logger, identity.GuildId, version.Voice, version.Worker);
                break;
            default:
                people.Take(message);
                break;
        }
        // A description that came too early was not taken by the media side either.
        if (message is not VoiceMessage.SessionDescription || phase is VoiceSessionPhase.Live or VoiceSessionPhase.Resuming)
            await ApplyAsync(encryption.Take(message));
    }

    /// <summary>
    /// The end-to-end layer's place in the control loop: it sees every message in arrival order and after the SSRC map, and its keys are
    /// published before its answer goes out.
    /// </summary>
    private async Task ApplyAsync(IReadOnlyList<(ReadOnlyMemory<byte> Message, WebSocketMessageType Type)> replies)
    {
        media.PublishIfEncryptionChanged();
        foreach ((ReadOnlyMemory<byte> message, WebSocketMessageType type) in replies)
        {
            answers.Said();
            await SendAsync(message, type);
        }
        if (encryption.WantsRejoin) Finish(VoiceSessionEndKind.EncryptionLost, "new keys did not help");
    }

    private async Task OnHelloAsync(VoiceMessage.Hello hello)
    {
        heartbeat.Start(hello.HeartbeatInterval);
        if (phase != VoiceSessionPhase.AwaitingHello) return;
        if (isResuming)
        {
            Enter(VoiceSessionPhase.Resuming, options.ResumeTimeout);
            await SendAsync(VoiceMessageWriter.Resume(identity, lastSequence));
            return;
        }
        Enter(VoiceSessionPhase.Identifying, options.IdentifyTimeout);
        await SendAsync(VoiceMessageWriter.Identify(identity, options.MaxDaveProtocolVersion));
    }

    private void OnReady(VoiceMessage.Ready ready)
    {
        if (TransportKey.ChooseMode(ready.Modes) is not { } chosen)
        {
            Finish(VoiceSessionEndKind.NoCommonMode, $"the server offers [{string.Join(", ", ready.Modes)}]");
            return;
        }
        mode = chosen;
        try
        {
            media.Open(ready, mode);
        }
        catch (SocketException e)
        {
            Finish(VoiceSessionEndKind.MediaUnreachable, e.SocketErrorCode.ToString());
            return;
        }
        AskAddress();
    }

    private async Task OnDiscoveredAsync(byte[] datagram)
    {
        if (phase != VoiceSessionPhase.Discovering || !IpDiscovery.TryReadReply(datagram, out string address, out ushort port)) return;
        Enter(VoiceSessionPhase.Selecting, options.SelectTimeout);
        await SendAsync(VoiceMessageWriter.SelectProtocol(address, port, mode));
    }

    private async Task OnSessionDescriptionAsync(VoiceMessage.SessionDescription description)
    {
        if (phase is not (VoiceSessionPhase.Selecting or VoiceSessionPhase.Live or VoiceSessionPhase.Resuming))
        {
            description.TransportKey.Dispose();
            return;
        }
        VoiceLog.SessionDescribed(logger, identity.GuildId, description.TransportKey.Mode, description.DaveVersion);
        if (media.Install(description.TransportKey) is { } speaking) await SayAsync(speaking);
        if (phase != VoiceSessionPhase.Selecting) return;
        EnterLive();
        report(new VoiceSessionNews.Live());
        await SendAsync(VoiceMessageWriter.BackendVersion());
    }

    private async Task OnClosedAsync(int? closeCode, string problem)
    {
        VoiceLog.GatewayClosed(logger, identity.GuildId, Gateway.GatewayLog.Code(closeCode), problem, phase, lastSequence);
        await DropLinkAsync(ResumableCloseCode);
        bool wasLive = phase == VoiceSessionPhase.Live;
        if (!(wasLive || isResuming) || VoiceClosePolicy.For(closeCode) != VoiceCloseAction.Resume
            || resumeTries >= options.ResumeDelays.Count)
        {
            // Refused before anything was said: the place cannot be reached, rather than a session lost.
            bool unreachable = closeCode is null && !wasLive && !isResuming;
            Finish(unreachable ? VoiceSessionEndKind.Unreachable : VoiceSessionEndKind.Closed, problem, closeCode);
            return;
        }
        if (wasLive) report(new VoiceSessionNews.Interrupted(closeCode));
        isResuming = true;
        Enter(VoiceSessionPhase.ResumeWaiting, options.ResumeDelays[resumeTries++]);
    }

    private async Task OnTickAsync()
    {
        if (heartbeat.Alarm.TakeIfDue()) await BeatAsync();
        if (end is null && phaseAlarm.TakeIfDue()) await OnPhaseAlarmAsync();
        if (media.Tick() is { } speaking) await SayAsync(speaking);
        if (encryption.CommitAlarm.TakeIfDue()) await ApplyAsync(encryption.Commit());
        if (answers.TakeIfDue()) await ApplyAsync(encryption.Repeat());
        if (houseAlarm.TakeIfDue()) await KeepHouseAsync();
    }

    private async Task BeatAsync()
    {
        if (heartbeat.IsDead)
        {
            await OnClosedAsync(null, "heartbeats are not answered");
            return;
        }
        heartbeat.Sent();
        await SendHeartbeatAsync();
    }

    private Task SendHeartbeatAsync()
    {
        answers.BeatSent();
        return SendAsync(VoiceMessageWriter.Heartbeat(time.GetUtcNow().ToUnixTimeMilliseconds(), lastSequence));
    }

    private async Task OnPhaseAlarmAsync()
    {
        if (phase == VoiceSessionPhase.ResumeWaiting) OpenLink();
        else if (phase == VoiceSessionPhase.Discovering) AskAddress();
        else await OnClosedAsync(null, $"no answer while {phase}");
    }

    private async Task KeepHouseAsync()
    {
        houseAlarm.Set(HouseInterval);
        if (ssrcs.Prune()) media.Publish();
        media.LogDrops();
        if (media.DaveHealth is { } health && phase == VoiceSessionPhase.Live) await ApplyAsync(encryption.KeepHouse(health));
        if (media.TakeFirstHeard()) report(new VoiceSessionNews.MediaHeard());
        if (media.IsDead) Finish(VoiceSessionEndKind.MediaPathLost, "the media server fell silent");
    }

    private void AskAddress()
    {
        Enter(VoiceSessionPhase.Discovering, options.DiscoveryInterval);
        if (!media.TryAskAddress()) Finish(VoiceSessionEndKind.MediaUnreachable, "IP discovery was not answered");
    }

    private void OpenLink()
    {
        Enter(VoiceSessionPhase.Opening, options.OpenTimeout);
        if (!Uri.TryCreate($"wss://{identity.Endpoint}/?v=8", UriKind.Absolute, out Uri? address))
        {
            Finish(VoiceSessionEndKind.Unreachable, "the endpoint is no address");
            return;
        }
        link = new VoiceLink(inputs.Writer, options.ExtraRoots, time);
        link.Open(address);
    }

    private async Task DropLinkAsync(int closeCode)
    {
        heartbeat.Stop();
        answers.LinkDropped();
        if (link is null) return;
        VoiceLink dropped = link;
        link = null;
        await dropped.CloseAsync(closeCode);
        await dropped.DisposeAsync();
    }

    // What cannot be sent is not lost: the link's end is on its way, and resuming or rejoining follows (AnswerWatch, unsaid).
    private async Task SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type = WebSocketMessageType.Text)
    {
        if (link is not null) await link.TrySendAsync(message, type);
    }

    // A connection that says this before it has identified or resumed is closed with 4003, and the session with it.
    private async Task SayAsync(ReadOnlyMemory<byte> speaking)
    {
        bool isKnown = phase is VoiceSessionPhase.Selecting or VoiceSessionPhase.Live;
        unsaid = isKnown ? default(ReadOnlyMemory<byte>?) : speaking;
        if (isKnown) await SendAsync(speaking);
    }

    private void Enter(VoiceSessionPhase next, TimeSpan limit)
    {
        VoiceLog.PhaseChanged(logger, identity.GuildId, identity.Endpoint, phase, next, media.OwnSsrc, lastSequence, ssrcs.Present.Count);
        phase = next;
        phaseAlarm.Set(limit);
    }

    private void EnterLive()
    {
        Enter(VoiceSessionPhase.Live, TimeSpan.Zero);
        phaseAlarm.Clear();
    }

    private void Finish(VoiceSessionEndKind kind, string detail, int? closeCode = null) =>
        end ??= new VoiceSessionEnd(kind, closeCode, detail)
        {
            SilentSince = media.SilentSince,
            HasEchoed = media.HasEchoed,
        };

    private TimeSpan NextDue()
    {
        TimeSpan next = HouseInterval;
        foreach (Alarm alarm in
            (IEnumerable<Alarm>)[heartbeat.Alarm, phaseAlarm, houseAlarm, encryption.CommitAlarm, answers.Alarm, .. media.Alarms])
        {
            if (alarm.Remaining is { } remaining && remaining < next) next = remaining;
        }
        return next > TimeSpan.Zero ? next : TimeSpan.Zero;
    }

    private async Task CloseAsync()
    {
        inputs.Writer.TryComplete();
        using (encryption)
        using (media) await DropLinkAsync(FinalCloseCode);
    }
}
