using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>The loop behind <see cref="VoiceCall"/>; what leads from state to state is drawn at <see cref="VoiceCallState"/>.</summary>
internal sealed class VoiceCallLoop(
    VoiceCallOptions options,
    VoiceStateSender voiceState,
    VoiceCallQueue inputs,
    ChannelWriter<VoiceCallEvent> events,
    TimeProvider time,
    ILogger logger)
{
    private const int JoinTries = 2;
    private static readonly TimeSpan FreshServer = TimeSpan.FromSeconds(3);

    private readonly RejoinPolicy policy = new(options);
    private readonly OwnLeaves leaves = new(time);
    private readonly ConcurrentDictionary<ulong, DaveCounters> endedCounters = new();
    private readonly RecoveryLadder ladder = new(time);
    private readonly LossClock loss = new(time, events);
    private readonly Alarm alarm = new(time);
    private readonly Alarm healthAlarm = new(time);
    private VoiceCallInput.Join? wanted;
    private RunningSession? session;
    private VoiceHealth lastHealth = VoiceHealth.None;
    private VoiceState? ownState;
    private VoiceServerUpdate? server;
    private int joinTries;
    private long serverToldAt, liveSince;
    private bool wasConnected;
    private ulong channelId;

    public VoiceCallState State { get; private set; }
    public VoiceEndReason? EndReason { get; private set; }
    public int? CloseCode { get; private set; }
    public ulong ChannelId => Volatile.Read(ref channelId);
    public DaveProtection Protection { get; private set; } = DaveProtection.Pending;
    public bool IsLost => loss.IsLost;
    public bool IsDeafened { get; private set; }

    public VoiceHealth Health => Volatile.Read(ref session)?.Health ?? Volatile.Read(ref lastHealth);

    /// <summary>Of this call so far, over all its sessions.</summary>
    public DaveCounters EncryptionCountersOf(ulong userId) =>
        endedCounters.GetValueOrDefault(userId)
            + (Volatile.Read(ref session)?.Health.Users.FirstOrDefault(user => user.UserId == userId)?.EndToEnd ?? default);

    /// <summary>Of the session that runs; a call without one is not encrypted.</summary>
    public DaveSnapshot Encryption => Volatile.Read(ref session)?.Encryption ?? DaveSnapshot.Plain;

    public async Task RunAsync()
    {
        await using ITimer timer = time.CreateTimer(_ =>
            inputs.Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await foreach (VoiceCallInput input in inputs.Reader.ReadAllAsync())
        {
            try
            {
                await TakeAsync(input);
                if (inputs.Reader.Count == 0) foreach (VoiceSessionNews missed in session?.TakeMissed() ?? []) await OnNews(missed);
            }
            catch (Exception e)
            {
                // The edge of the call: an error in one call ends this call, loudly, and no other.
                CallLog.CallFailed(logger, wanted?.GuildId ?? 0, e);
                await FinishAsync(VoiceEndReason.ProtocolError, e.GetType().Name);
            }
            inputs.LogRefused(wanted?.GuildId ?? 0);
            timer.Change(NextDue(), Timeout.InfiniteTimeSpan);
        }
        events.TryComplete();
    }

    private ValueTask TakeAsync(VoiceCallInput input) => input switch
    {
        VoiceCallInput.Join join => OnJoinAsync(join),
        VoiceCallInput.Leave leave => OnLeaveAsync(leave),
        _ when wanted is null => ValueTask.CompletedTask,
        VoiceCallInput.OwnState own => OnOwnStateAsync(own.State, own.Origin),
        VoiceCallInput.Server update => OnServerAsync(update.Update),
        VoiceCallInput.GatewayRestarted => OnGatewayRestartedAsync(),
        VoiceCallInput.News news when news.Session == session => OnNews(news.What),
        VoiceCallInput.Ended ended when ended.Session == session => OnEndedAsync(ended.End),
        VoiceCallInput.Tick => OnTickAsync(),
        _ => ValueTask.CompletedTask,
    };

    private async ValueTask OnJoinAsync(VoiceCallInput.Join join)
    {
        if (wanted is not null)
        {
            join.Answer.TrySetException(new InvalidOperationException("the call is joined already"));
            return;
        }
        wanted = join;
        Volatile.Write(ref channelId, join.ChannelId);
        (EndReason, CloseCode) = (null, null);
        (wasConnected, IsDeafened, joinTries) = (false, false, 0);
        loss.Forget();
        policy.Forget();
        await AskToJoinAsync("asked to join");
    }

    private async ValueTask OnLeaveAsync(VoiceCallInput.Leave leave)
    {
        try
        {
            await FinishAsync(VoiceEndReason.Requested, "asked to leave");
        }
        finally
        {
            leave.Done.TrySetResult();
        }
    }

    private async ValueTask OnOwnStateAsync(VoiceState state, VoiceStateOrigin origin)
    {
        if (state.UserId != wanted!.OwnUserId || state.GuildId != wanted.GuildId) return;
        if (state.ChannelId is not { } channel)
        {
            await OnLeftAsync(origin);
            return;
        }
        ownState = state;
        if (state.Deaf != IsDeafened)
        {
            IsDeafened = state.Deaf;
            Tell(new VoiceCallEvent.Deafened(IsDeafened));
        }
        if (channel != channelId) await OnMovedAsync(channel);
        else if (State == VoiceCallState.Joining) ConnectIfComplete();
    }

    private async ValueTask OnLeftAsync(VoiceStateOrigin origin)
    {
        bool isEcho = origin == VoiceStateOrigin.Update && leaves.TakeEcho();
        (ownState, server) = (null, null);
        if (State == VoiceCallState.Leaving) await AskToJoinAsync("left, joining again");
        else if (State is VoiceCallState.Joining or VoiceCallState.BackingOff) return; // The echo of our own leaving.
        else if (origin == VoiceStateOrigin.Snapshot) await LoseAsync("the main gateway's session was replaced", TimeSpan.Zero);
        else if (isEcho)
        {
            await StopSessionAsync("our own leaving was told late");
            Enter(VoiceCallState.Joining, options.JoinTimeout, "our own leaving was told late; the join that followed it is awaited");
        }
        else await FinishAsync(VoiceEndReason.Kicked, "disconnected by a moderator, or the channel is gone");
    }

    private async ValueTask OnMovedAsync(ulong channel)
    {
        if (State is VoiceCallState.Leaving or VoiceCallState.BackingOff) return;
        if (!options.FollowMoves && wasConnected)
        {
            await FinishAsync(VoiceEndReason.Moved, "moved to another channel");
            return;
        }
        Volatile.Write(ref channelId, channel);
        Tell(new VoiceCallEvent.Moved(channel));
        if (State == VoiceCallState.Joining)
        {
            ConnectIfComplete();
            return;
        }
        // Either order: the new channel's server may have been told just before the state.
        if (time.GetElapsedTime(serverToldAt) > FreshServer) server = null;
        await StopSessionAsync("moved to another channel");
        joinTries = JoinTries;
        Enter(VoiceCallState.Joining, options.JoinTimeout, "moved");
        ConnectIfComplete();
    }

    private async ValueTask OnServerAsync(VoiceServerUpdate update)
    {
        if (update.GuildId != wanted!.GuildId || State is VoiceCallState.Leaving or VoiceCallState.BackingOff) return;
        if (update.Endpoint is not { Length: > 0 })
        {
            // Discord: Voice Server Update, endpoint null: the server is gone, disconnect and wait for the next update.
            server = null;
            await StopSessionAsync("Discord is allocating another server");
            if (State != VoiceCallState.Joining || ownState is not null)
                Enter(VoiceCallState.Suspended, options.SuspendedTimeout, "no voice server");
            return;
        }
        server = update;
        serverToldAt = time.GetTimestamp();
        if (State == VoiceCallState.Joining || ownState is null)
        {
            ConnectIfComplete();
            return;
        }
        // Every later update means a new connection, even at the same address.
        await StopSessionAsync("the voice server changed");
        Connect("the voice server changed");
    }

    private async ValueTask OnGatewayRestartedAsync()
    {
        if (State is VoiceCallState.Joining or VoiceCallState.Leaving) joinTries = 0;
        await LoseAsync("the main gateway's session was replaced", TimeSpan.Zero);
    }

    private ValueTask OnNews(VoiceSessionNews news)
    {
        if (news is VoiceSessionNews.Live) BecomeConnected();
        else if (news is VoiceSessionNews.MediaHeard) loss.OnMediaHeard(channelId, State == VoiceCallState.Connected);
        else if (VoiceCallEvent.From(news) is { } what) Tell(what);
        return ValueTask.CompletedTask;
    }

    private void BecomeConnected()
    {
        Enter(VoiceCallState.Connected, null, "live");
        liveSince = time.GetTimestamp();
        healthAlarm.Set(options.HealthInterval);
        joinTries = 0;
        if (!wasConnected) Tell(new VoiceCallEvent.Connected(channelId));
        else loss.OnLive(channelId);
        wasConnected = true;
        wanted!.Answer.TrySetResult(VoiceCallState.Connected);
    }

    private async ValueTask OnEndedAsync(VoiceSessionEnd end)
    {
        VoiceLog.SessionEnded(logger, wanted!.GuildId, end.Kind, end.CloseCode, end.Detail);
        CloseCode = end.CloseCode;
        bool wasStable = State == VoiceCallState.Connected && time.GetElapsedTime(liveSince) >= options.StableAfter;
        if (wasStable) policy.Forget();
        string reason = end.Summary;
        await StopSessionAsync(reason);
        switch (end.Action)
        {
            case VoiceCloseAction.AwaitGateway or VoiceCloseAction.AwaitServer:
                Enter(VoiceCallState.AwaitingGateway, options.AwaitGatewayTimeout, reason);
                break;
            case VoiceCloseAction.GiveUp:
                await FinishAsync(end.FinalReason, reason);
                break;
            case VoiceCloseAction.RejoinOnce when policy.RepeatProtocolError():
                await FinishAsync(VoiceEndReason.ProtocolError, reason);
                break;
            // Before the first connection everything that fails is a strike: the one who asked to join wants an answer.
            case VoiceCloseAction.RejoinThreeTimes when policy.Strike():
            case not VoiceCloseAction.RejoinThreeTimes when !wasConnected && policy.Strike():
                await FinishAsync(end.FinalReason, reason);
                break;
            default:
                await LoseAsync(reason, policy.NextDelay());
                break;
        }
    }

    private async ValueTask OnTickAsync()
    {
        if (healthAlarm.TakeIfDue() && State == VoiceCallState.Connected)
        {
            Tell(new VoiceCallEvent.UserHealth(Health));
            healthAlarm.Set(options.HealthInterval);
        }
        if (!alarm.TakeIfDue()) return;
        switch (State)
        {
            case VoiceCallState.Joining when joinTries < JoinTries:
                await LeaveToRejoinAsync("no answer to the join");
                break;
            case VoiceCallState.Joining when !wasConnected:
                await FinishAsync(VoiceEndReason.NoAnswer, "no answer to the join");
                break;
            case VoiceCallState.Joining:
                joinTries = 0;
                await LoseAsync("no answer to the join", policy.NextDelay());
                break;
            case VoiceCallState.Leaving:
                await AskToJoinAsync("joining again");
                break;
            case VoiceCallState.AwaitingGateway when CloseCode == VoiceClosePolicy.CallTerminated:
                await FinishAsync(VoiceEndReason.CallTerminated, "Discord ended the call");
                break;
            case VoiceCallState.AwaitingGateway or VoiceCallState.Suspended:
                await LoseAsync("the main gateway told no new server", policy.NextDelay());
                break;
            case VoiceCallState.BackingOff:
                await LeaveToRejoinAsync("trying again");
                break;
        }
    }

    /// <summary>Asks for the channel; both answers are awaited from now on.</summary>
    private async ValueTask AskToJoinAsync(string reason)
    {
        (ownState, server) = (null, null);
        joinTries++;
        Enter(VoiceCallState.Joining, options.JoinTimeout, reason);
        await voiceState.SendAsync(wanted!.GuildId, channelId);
    }

    /// <summary>A join is only answered when we are not in the channel: first out, then in.</summary>
    private async ValueTask LeaveToRejoinAsync(string reason)
    {
        Enter(VoiceCallState.Leaving, options.LeavePause, reason);
        leaves.Sent();
        await voiceState.SendAsync(wanted!.GuildId, null);
    }

    /// <summary>The connection is gone but wanted: says so and gets it back after <paramref name="delay"/>.</summary>
    private async ValueTask LoseAsync(string reason, TimeSpan delay)
    {
        await StopSessionAsync(reason);
        (ownState, server) = (null, null);
        if (delay == TimeSpan.Zero)
        {
            await LeaveToRejoinAsync(reason);
            return;
        }
        Enter(VoiceCallState.BackingOff, delay, reason);
        string next = string.Create(CultureInfo.InvariantCulture, $"{reason}; next try in {delay.TotalSeconds:F0} s");
        if (wasConnected) Tell(new VoiceCallEvent.Reconnecting(next));
    }

    private void ConnectIfComplete()
    {
        if (State == VoiceCallState.Joining && ownState is not null && server is not null) Connect("both answers came");
    }

    private void Connect(string reason)
    {
        Enter(VoiceCallState.Connecting, null, reason);
        VoiceSessionIdentity identity = new()
        {
            GuildId = wanted!.GuildId,
            ChannelId = channelId,
            UserId = wanted.OwnUserId,
            SessionId = ownState!.SessionId,
            Token = server!.Token,
            Endpoint = server.Endpoint!,
        };
        VoiceSessionOptions how = options.Session with { ExpectsEchoes = loss.ExpectsEchoes };
        Volatile.Write(ref session, new RunningSession(identity, how, wanted.Frames, inputs, ladder, time, logger));
    }

    /// <summary>Ends the session, if there is one, and tells that audio is lost from now on.</summary>
    private async ValueTask StopSessionAsync(string reason)
    {
        VoiceSessionEnd? end = null;
        if (session is { } stopped)
        {
            loss.OnEnded(end = await stopped.StopAsync());
            Volatile.Write(ref lastHealth, stopped.Health);
            Volatile.Write(ref session, null);
            foreach (UserAudioHealth user in lastHealth.Users)
                endedCounters.AddOrUpdate(user.UserId, user.EndToEnd, (_, before) => before + user.EndToEnd);
            if (stopped.Encryption.PrivacyCode.Length > 0) Tell(new VoiceCallEvent.PrivacyCode(null));
        }
        if (wasConnected) loss.Begin(reason, end?.SilentSince);
    }

    private async ValueTask FinishAsync(VoiceEndReason reason, string detail)
    {
        if (wanted is not { } finished) return;
        wasConnected = false; // No reconnecting is told: this is the end.
        await StopSessionAsync(detail);
        EndReason = reason;
        wanted = null;
        (ownState, server) = (null, null);
        Enter(VoiceCallState.Disconnected, null, detail);
        if (reason != VoiceEndReason.Kicked) await voiceState.SendAsync(finished.GuildId, null);
        Tell(new VoiceCallEvent.Disconnected(reason, detail) { CloseCode = CloseCode });
        finished.Answer.TrySetResult(VoiceCallState.Disconnected);
    }

    private void Tell(VoiceCallEvent what)
    {
        if (what is VoiceCallEvent.Protection protection) Protection = protection.State;
        events.TryWrite(what);
    }

    private void Enter(VoiceCallState next, TimeSpan? limit, string reason)
    {
        CallLog.CallChanged(logger, wanted?.GuildId ?? 0, State, next, channelId, reason);
        State = next;
        if (limit is { } after) alarm.Set(after);
        else alarm.Clear();
    }

    private TimeSpan NextDue()
    {
        TimeSpan? due = alarm.Remaining;
        if (State == VoiceCallState.Connected && healthAlarm.Remaining is { } health && !(due < health)) due = health;
        return due is { } next && next < TimeSpan.Zero ? TimeSpan.Zero : due ?? Timeout.InfiniteTimeSpan;
    }
}
