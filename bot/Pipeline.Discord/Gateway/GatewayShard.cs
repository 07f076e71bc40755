using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>
/// One shard: keeps a session alive over as many connections as it takes (discord-voice states: connecting, awaiting Hello,
/// identify or resume, ready). Its run loop is the only writer of its guilds in the cache and of its events.
/// </summary>
internal sealed class GatewayShard(
    ShardRange place, GatewayOptions options, IdentifyGate gate, GatewayDispatch dispatch, TimeProvider time, Random random, ILogger log)
{
    /// <summary>So many connections that lead to no session give it up; so many that fail give its own address up.</summary>
    private const int ResumeAttempts = 3;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(60);

    private readonly OwedLeaves owedLeaves = new();
    private GatewaySession? session;
    private bool isResumeAddressDead;
    private GatewayHeartbeat? heartbeat;
    private TaskCompletionSource<GatewayConnection> live = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Heartbeat to answer; null while there is none.</summary>
    public TimeSpan? Latency => heartbeat?.Latency;

    public bool IsReady => live.Task.IsCompletedSuccessfully;

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="GatewayFatalException">Only the owner of the bot can help.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int failures = 0;
        int refusals = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            ConnectionEnd end = await RunConnectionAsync(cancellationToken);
            if (cancellationToken.IsCancellationRequested) return;
            failures = end.WasReady ? 0 : failures + 1;
            // A gateway that cannot be reached says nothing about the session. Discord does, when it is reached: by op 9 or a close code.
            refusals = end.WasReady ? 0 : end.HadHello ? refusals + 1 : refusals;
            isResumeAddressDead = failures >= ResumeAttempts;
            if (end.Recovery == GatewayRecovery.Fatal)
            {
                log.GatewayFatal(end.Code ?? 0, end.Reason);
                throw new GatewayFatalException(end.Code ?? 0, end.Reason);
            }
            if (end.Recovery != GatewayRecovery.Resume || refusals >= ResumeAttempts) session = null;
            Report(end);
            await dispatch.PostAsync([new GatewayEvent.ConnectionLost(place.Index, end.Reason)], cancellationToken);
            await PauseAsync(end, failures, cancellationToken);
        }
    }

    /// <summary>
    /// Op 4. Waits for the shard to be ready and outlives a lost connection. A leave (null) that is cancelled, or not told by Discord when
    /// the connection breaks, stays owed: it is sent when the shard is ready, unless somebody joins before.
    /// </summary>
    public async Task UpdateVoiceStateAsync(ulong guildId, ulong? channelId, bool selfMute, bool selfDeaf,
        CancellationToken cancellationToken)
    {
        owedLeaves.Forget(guildId);
        try
        {
            await SendVoiceStateAsync(guildId, channelId, selfMute, selfDeaf, cancellationToken);
        }
        catch (OperationCanceledException) when (channelId is null)
        {
            owedLeaves.Add(guildId);
            // It may have become ready just now.
            if (Volatile.Read(ref live).Task is { IsCompletedSuccessfully: true } ready)
                _ = owedLeaves.SendAsync(ready.Result, CancellationToken.None);
            throw;
        }
    }

    private async Task SendVoiceStateAsync(ulong guildId, ulong? channelId, bool selfMute, bool selfDeaf,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource<GatewayConnection> current = Volatile.Read(ref live);
            GatewayConnection connection = await current.Task.WaitAsync(cancellationToken);
            try
            {
                if (channelId is null) owedLeaves.Add(guildId);
                await connection.SendAsync(GatewayOpcode.UpdateVoiceState, writer =>
                    GatewayPayloads.VoiceState(writer, guildId, channelId, selfMute, selfDeaf), cancellationToken);
                return;
            }
            catch (Exception problem) when (problem is WebSocketException or ObjectDisposedException or InvalidOperationException)
            {
                NotLive(current);
            }
        }
    }

    private async Task<ConnectionEnd> RunConnectionAsync(CancellationToken cancellationToken)
    {
        using GatewayConnection connection = new(options.ExtraRoots);
        using CancellationTokenSource stop = new();
        Task beating = Task.CompletedTask;
        Task<ConnectionEnd> serving = Task.FromResult(default(ConnectionEnd));
        try
        {
            TimeSpan interval = await OpenAsync(connection, cancellationToken);
            heartbeat = new GatewayHeartbeat(connection, () => session?.Sequence, time);
            beating = heartbeat.RunAsync(interval, random.NextDouble(), stop.Token);
            serving = ServeAsync(connection, stop.Token);
            Task first = await Task.WhenAny(serving, beating).WaitAsync(cancellationToken);
            return first == serving ? await serving : await HeartbeatEndedAsync(connection, beating);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await connection.CloseAsync();
            return default;
        }
        catch (Exception problem) when (
            problem is WebSocketException or JsonException or TimeoutException or HttpRequestException or IOException
                or InvalidOperationException or FormatException)
        {
            // The last two: something of Discord's that none of our readers expected. It costs a connection, not the bot.
            return End(connection, GatewayCloseCode.RecoveryFor(connection.CloseCode), connection.CloseCode,
                Describe(connection, problem));
        }
        finally
        {
            NotLive(Volatile.Read(ref live));
            await stop.CancelAsync();
            await connection.AbandonAsync();
            await Task.WhenAll(beating, serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static string Describe(GatewayConnection connection, Exception problem) =>
        connection.CloseCode is { } code ? GatewayCloseCode.Explain(code) : problem is TimeoutException ? "no answer in time"
            : problem is System.Net.WebSockets.WebSocketException or IOException or HttpRequestException ? "the connection broke"
            : problem.Message;

    private Uri? Address(string? server) => GatewayPayloads.Address(server, options.AllowsHttp);

    /// <summary>Connects, awaits Hello and identifies or resumes. Returns the heartbeat's interval.</summary>
    private async Task<TimeSpan> OpenAsync(GatewayConnection connection, CancellationToken cancellationToken)
    {
        // The turn to identify is taken before connecting: Discord does not wait long for a socket that stays silent.
        using IDisposable? turn = session is null ? await gate.TakeAsync(place.Index, cancellationToken) : null;
        GatewayInfo info = await gate.GetInfoAsync(cancellationToken);
        Uri address = (isResumeAddressDead ? null : session?.ResumeAddress) ?? Address(info.Url)
            ?? throw new WebSocketException("Discord named no address of a gateway, or one without TLS");
        using CancellationTokenSource timeout = new(options.HandshakeTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await connection.ConnectAsync(address, either.Token);
            TimeSpan interval = await AwaitHelloAsync(connection, either.Token);
            if (session is { } old)
                await connection.SendAsync(GatewayOpcode.Resume, writer =>
                GatewayPayloads.Resume(writer, options.Token, old), either.Token);
            else await connection.SendAsync(GatewayOpcode.Identify, writer =>
                GatewayPayloads.Identify(writer, options, place.Index, place.Count), either.Token);
            return interval;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    private static async Task<TimeSpan> AwaitHelloAsync(GatewayConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            using JsonDocument document = await connection.ReceiveAsync(cancellationToken)
                ?? throw new WebSocketException("closed before Hello");
            if (!GatewayMessage.TryRead(document.RootElement, out GatewayMessage message)) continue;
            if (message.Opcode == GatewayOpcode.Reconnect) throw new WebSocketException("asked to reconnect before Hello");
            if (message.Opcode != GatewayOpcode.Hello) continue;
            if (!GatewayMessage.TryReadNumber(message.Data, "heartbeat_interval"u8, out double milliseconds)
                || !(milliseconds is > 0 and < 1e9)) continue;
            connection.HadHello = true;
            return TimeSpan.FromMilliseconds(milliseconds);
        }
    }

    /// <summary>Reads until the connection ends. READY or RESUMED must come within the handshake's time.</summary>
    private async Task<ConnectionEnd> ServeAsync(GatewayConnection connection, CancellationToken cancellationToken)
    {
        using CancellationTokenSource handshake = new(options.HandshakeTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(handshake.Token, cancellationToken);
        while (true)
        {
            JsonDocument? document;
            try
            {
                document = await connection.ReceiveAsync(WasReady(connection) ? cancellationToken : either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException();
            }
            using (document)
            {
                if (document is null) return Closed(connection);
                if (!GatewayMessage.TryRead(document.RootElement, out GatewayMessage message)) continue;
                if (await OnMessageAsync(connection, message, cancellationToken) is { } end) return end;
            }
        }
    }

    private async Task<ConnectionEnd?> OnMessageAsync(GatewayConnection connection, GatewayMessage message,
        CancellationToken cancellationToken)
    {
        switch (message.Opcode)
        {
            case GatewayOpcode.Dispatch:
                await OnDispatchAsync(connection, message, cancellationToken);
                return null;
            case GatewayOpcode.Heartbeat:
                await heartbeat!.AnswerAsync(cancellationToken);
                return null;
            case GatewayOpcode.HeartbeatAck:
                heartbeat!.OnAcknowledged();
                return null;
            case GatewayOpcode.Reconnect:
                return End(connection, GatewayRecovery.Resume, null, "Discord asked to reconnect");
            case GatewayOpcode.InvalidSession:
                bool resumable = message.Data.ValueKind == JsonValueKind.True;
                return End(connection, resumable ? GatewayRecovery.Resume : GatewayRecovery.IdentifyAfterPause, null,
                    "the session is not valid") with
                { WasReady = false };
            default:
                return null;
        }
    }

    private async Task OnDispatchAsync(GatewayConnection connection, GatewayMessage message, CancellationToken cancellationToken)
    {
        string type = message.Type ?? "";
        log.Dispatched(place.Index, type, message.Sequence ?? -1);
        List<GatewayEvent> produced = [];
        if (type == "READY") OnReady(message.Data, produced);
        else if (type == "RESUMED") OnResumed(produced);
        else dispatch.Apply(type, message.Data, produced);
        owedLeaves.Take(produced, dispatch.SelfId);
        // Saved after it was applied and before it is posted: the one who waits for a place in the queue has seen it.
        if (message.Sequence is { } sequence && session is { } current) current.Sequence = sequence;
        if (type is "READY" or "RESUMED") BecomeLive(connection, cancellationToken);
        await dispatch.PostAsync(produced, cancellationToken);
    }

    private void OnReady(JsonElement data, List<GatewayEvent> produced)
    {
        ReadyPayload ready = NullableFields.Read(data, GatewayJson.Default.ReadyPayload);
        session = new GatewaySession(ready.SessionId, Address(ready.ResumeGatewayUrl));
        dispatch.ApplyReady(ready, place.Count, produced);
        log.GatewayReady(place.Index, ready.User.Username, ready.Guilds.Count);
    }

    private void OnResumed(List<GatewayEvent> produced)
    {
        produced.Add(new GatewayEvent.SessionResumed(place.Index));
        log.GatewayResumed(place.Index);
    }

    private void BecomeLive(GatewayConnection connection, CancellationToken cancellationToken)
    {
        // Owed leaves go first: they were asked for before the joins that wait for this connection.
        _ = owedLeaves.SendAsync(connection, cancellationToken);
        live.TrySetResult(connection);
    }

    private ConnectionEnd Closed(GatewayConnection connection)
    {
        int? code = connection.CloseCode;
        return End(connection, GatewayCloseCode.RecoveryFor(code), code, GatewayCloseCode.Explain(code));
    }

    private async Task<ConnectionEnd> HeartbeatEndedAsync(GatewayConnection connection, Task beating)
    {
        ConnectionEnd end = End(connection, GatewayRecovery.Resume, null, "a heartbeat was not answered");
        await beating; // a send that failed shows here
        log.GatewayZombie(place.Index);
        return end;
    }

    private ConnectionEnd End(GatewayConnection connection, GatewayRecovery recovery, int? code, string reason) =>
        new(recovery, code, reason, WasReady(connection), connection.HadHello);

    private bool WasReady(GatewayConnection connection) => live.Task.IsCompletedSuccessfully && live.Task.Result == connection;

    private void NotLive(TaskCompletionSource<GatewayConnection> current)
    {
        if (!current.Task.IsCompleted) return;
        TaskCompletionSource<GatewayConnection> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.CompareExchange(ref live, next, current);
    }

    private void Report(ConnectionEnd end)
    {
        if (GatewayCloseCode.IsOurFault(end.Code)) log.GatewayOurFault(place.Index, GatewayLog.Code(end.Code), end.Reason);
        else log.GatewayLost(place.Index, GatewayLog.Code(end.Code), end.Reason,
            session is null ? nameof(GatewayRecovery.Identify) : nameof(GatewayRecovery.Resume));
    }

    private Task PauseAsync(ConnectionEnd end, int failures, CancellationToken cancellationToken)
    {
        if (end.Recovery == GatewayRecovery.IdentifyAfterPause)
        {
            (TimeSpan least, TimeSpan most) = options.InvalidSessionDelay;
            return DelayAsync(least + (most - least) * random.NextDouble(), cancellationToken);
        }
        if (failures == 0) return Task.CompletedTask;
        TimeSpan limit = options.ReconnectDelay * Math.Pow(2, Math.Min(failures - 1, 6));
        if (limit > LongestDelay) limit = LongestDelay;
        return DelayAsync(limit * (0.5 + random.NextDouble() / 2), cancellationToken);
    }

    private async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The run loop looks at the token next.
        }
    }

    private readonly record struct ConnectionEnd(GatewayRecovery Recovery, int? Code, string Reason, bool WasReady, bool HadHello);
}
