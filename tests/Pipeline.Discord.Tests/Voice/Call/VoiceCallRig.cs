using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Tests.Media;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Media;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Voice.Call;
/// <summary>
/// A simulated Discord, a gateway client and one call, wired as the bot wires them. Waits are short; nothing else is changed.
/// </summary>
internal sealed class VoiceCallRig : IAsyncDisposable
{
    public static readonly VoiceCallOptions QuickOptions = new()
    {
        JoinTimeout = TimeSpan.FromSeconds(5),
        LeavePause = TimeSpan.FromMilliseconds(300),
        AwaitGatewayTimeout = TimeSpan.FromSeconds(1),
        FirstBackoff = TimeSpan.FromMilliseconds(100),
        LongestBackoff = TimeSpan.FromMilliseconds(400),
        HealthInterval = TimeSpan.FromMilliseconds(200),
        Session = new VoiceSessionOptions
        {
            ResumeDelays = [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100),
            TimeSpan.FromMilliseconds(200)]
        },
    };

    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentQueue<VoiceCallEvent> events = new();
    private readonly ConcurrentQueue<ReadFrame> received = new();
    private readonly Task[] running;
    private readonly ITimer drain;
    private readonly VoiceCallOptions options;
    private readonly TimeProvider time;
    private readonly ILogger? logger;

    private VoiceCallRig(Simulator discord, VoiceCallOptions options, TimeProvider time, bool trusts, ILogger? logger)
    {
        (this.time, this.logger) = (time, logger);
        Discord = discord;
        Gateway = new GatewayClient(
            new GatewayOptions
            {
                Token = discord.Bot.Token,
                ReconnectDelay = TimeSpan.FromMilliseconds(100),
                IdentifyInterval = TimeSpan.FromMilliseconds(50),
                InvalidSessionDelay = (TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100))
            },
            FetchInfoAsync, TimeProvider.System, new Random(3), new Logger<GatewayClient>(Log));
        this.options = trusts
            ? options with { Session = options.Session with { ExtraRoots = ExtraRoots.Load(discord.CertificateAuthorityFile) } } : options;
        Call = NewCall();
        running = [Gateway.RunAsync(stopping.Token), PumpGatewayAsync(), CollectEventsAsync()];
        drain = TimeProvider.System.CreateTimer(_ => Drain(), null, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20));
    }

    public Simulator Discord { get; }
    public GatewayClient Gateway { get; }
    public VoiceCall Call { get; }
    public LogSink Log { get; } = new();
    public AudioFrameRing Ring { get; } = new();
    public IReadOnlyList<VoiceCallEvent> Events => [.. events];
    public IReadOnlyList<ReadFrame> Received => [.. received];
    /// <summary>Sees every event of the gateway as well.</summary>
    public Action<Pipeline.Discord.Gateway.GatewayEvent>? GatewayEvent { get; set; }

    public ulong BotId => Discord.BotMember.Id;

    /// <param name="logger">What the calls write to, in place of <see cref="Log"/>.</param>
    /// <param name="trusts">The call knows the authority of the voice servers' certificate.</param>
    public static async Task<VoiceCallRig> StartAsync(SimulatorOptions? simulator = null, VoiceCallOptions? options = null,
        TimeProvider? time = null, bool trusts = true, ILogger? logger = null)
    {
        Simulator discord = await Simulator.StartAsync(simulator ?? new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false });
        VoiceCallRig rig = new(discord, options ?? QuickOptions, time ?? TimeProvider.System, trusts, logger);
        await Simulator.WaitUntilAsync(() => rig.Gateway.IsReady && rig.Gateway.Guilds.Find(discord.Guild.Id) is not null);
        return rig;
    }

    public static async Task<VoiceCallRig> ConnectedAsync(SimulatorOptions? simulator = null, VoiceCallOptions? options = null,
        TimeProvider? time = null)
    {
        VoiceCallRig rig = await StartAsync(simulator, options, time);
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
        return rig;
    }

    /// <summary>Another call over the same gateway.</summary>
    public VoiceCall NewCall() =>
        new(options, (guild, channel, token) =>
        Gateway.UpdateVoiceStateAsync(guild, channel, false, false, token), time,
        logger ?? Log.CreateLogger("voice"));

    public Task<VoiceCallState> JoinAsync(ulong? channelId = null) =>
        Call.JoinAsync(Discord.Guild.Id, channelId ?? Discord.VoiceChannel.Id, Gateway.SelfId, Ring, TestContext.Current.CancellationToken);

    public async Task<T> WaitForAsync<T>(Func<T, bool>? matches = null) where T : VoiceCallEvent
    {
        await UntilAsync(() => events.OfType<T>().Any(matches ?? (_ => true)), typeof(T).Name);
        return events.OfType<T>().First(matches ?? (_ => true));
    }

    /// <summary>Waits, and tells what had happened when it does not come true.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        try
        {
            await Simulator.WaitUntilAsync(condition, TimeSpan.FromSeconds(40), what);
        }
        catch (TimeoutException e)
        {
            IEnumerable<string> lines = [.. events.Where(seen => seen is not VoiceCallEvent.UserHealth).Select(seen => seen.ToString()),
                .. Log.Lines.TakeLast(60).Select(line => line.Text), .. Discord.Log.Lines.TakeLast(60)];
            throw new TimeoutException(e.Message + Environment.NewLine + string.Join(Environment.NewLine, lines), e);
        }
    }

    /// <summary>Waits until everything that the simulator delivered to us came out of the ring, and compares it byte by byte.</summary>
    public async Task AssertAllReceivedAsync(ulong userId, int atLeast)
    {
        List<DeliveredPacket> sent = [];
        await UntilAsync(() =>
        {
            sent = [.. Discord.Deliveries.Delivered(BotId, userId).Where(packet => packet.Outcome == DeliveryOutcome.Delivered)];
            return sent.Count >= atLeast && Received.Count(frame => frame.UserId == userId) >= sent.Count;
        }, $"{atLeast} frames of {userId}");
        List<ReadFrame> frames = [.. Received.Where(frame => frame.UserId == userId)];
        Assert.Equal(Keys(sent.Select(packet => (packet.Ssrc, packet.Sequence, packet.Timestamp, packet.Payload.ToArray()))),
            Keys(frames.Select(frame => (frame.Ssrc, frame.SequenceNumber, frame.Timestamp, frame.Opus))));
    }

    public async ValueTask DisposeAsync()
    {
        await Call.DisposeAsync();
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        await drain.DisposeAsync();
        await Discord.DisposeAsync();
        stopping.Dispose();
    }

    private static List<string> Keys(IEnumerable<(uint Ssrc, ushort Sequence, uint Timestamp, byte[] Opus)> packets) =>
        [.. packets.Select(packet => $"{packet.Ssrc} {packet.Sequence} {packet.Timestamp} {Convert.ToHexString(packet.Opus)}").Order()];

    private void Drain()
    {
        lock (received)
        {
            foreach (ReadFrame frame in ReadFrame.DrainAll(Ring).Where(frame => frame.Kind != AudioFrameKind.Empty))
                received.Enqueue(frame);
        }
    }

    private async Task PumpGatewayAsync()
    {
        await foreach (Pipeline.Discord.Gateway.GatewayEvent what in Gateway.Events.ReadAllAsync())
        {
            GatewayEvent?.Invoke(what);
            if (what is Pipeline.Discord.Gateway.GatewayEvent.VoiceStateChanged own && own.State.UserId == Gateway.SelfId)
                Call.OnVoiceState(own.State, own.Origin);
            else if (what is Pipeline.Discord.Gateway.GatewayEvent.VoiceServerChanged server) Call.OnVoiceServer(server.Update);
            else if (what is Pipeline.Discord.Gateway.GatewayEvent.SessionStarted) Call.OnGatewayRestarted();
        }
    }

    private async Task CollectEventsAsync()
    {
        await foreach (VoiceCallEvent what in Call.Events.ReadAllAsync()) events.Enqueue(what);
    }

    private async Task<GatewayInfo> FetchInfoAsync(CancellationToken cancellation)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bot " + Discord.Bot.Token);
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "DiscordBot (https://example.org, 1)");
        JsonNode? answer = await http.GetFromJsonAsync<JsonNode>(new Uri(Discord.ApiBaseUrl + "/gateway/bot"), cancellation);
        return new GatewayInfo { Url = answer!["url"]!.GetValue<string>() };
    }
}
