using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Gateway;

/// <summary>A gateway client that runs against a simulator and remembers every event.</summary>
internal sealed class GatewayRig : IAsyncDisposable
{
    private readonly ConcurrentQueue<GatewayEvent> seen = new();
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = new();
    private readonly Task reading;

    private GatewayRig(Simulator discord, GatewayOptions options, TimeProvider? time, TimeSpan? restTimeout)
    {
        Discord = discord;
        ILoggerFactory logs = Log;
        DiscordRestOptions rest = new()
        {
            Token = options.Token,
            ApiBase = new Uri(discord.ApiBaseUrl),
            RetryDelay = TimeSpan.FromMilliseconds(10),
            Timeout = restTimeout ?? TimeSpan.FromSeconds(15),
        };
        Rest = new DiscordRestClient(http, rest, TimeProvider.System, logs.CreateLogger<DiscordRestClient>());
        Client = new GatewayClient(options, Rest.GetGatewayAsync, time ?? TimeProvider.System, new Random(7),
            logs.CreateLogger<GatewayClient>());
        Running = Client.RunAsync(stop.Token);
        reading = ReadAsync();
    }

    public Simulator Discord { get; }
    public DiscordRestClient Rest { get; }
    public GatewayClient Client { get; }
    public Task Running { get; }
    public LogSink Log { get; } = new();
    public IReadOnlyList<GatewayEvent> Seen => [.. seen];

    public int Count<T>() where T : GatewayEvent => seen.OfType<T>().Count();

    /// <summary>Does not wait for the session.</summary>
    public static async Task<GatewayRig> BeginAsync(SimulatorOptions? simulator = null, Action<Simulator>? prepare = null,
        Func<GatewayOptions, GatewayOptions>? change = null, TimeProvider? time = null, TimeSpan? restTimeout = null)
    {
        Simulator discord = await Simulator.StartAsync(simulator ?? new SimulatorOptions { EnforceIdentifyPace = false });
        prepare?.Invoke(discord);
        GatewayOptions options = new()
        {
            Token = discord.Bot.Token,
            ReconnectDelay = TimeSpan.FromMilliseconds(20),
            IdentifyInterval = TimeSpan.FromMilliseconds(20),
            InvalidSessionDelay = (TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50)),
            HandshakeTimeout = TimeSpan.FromSeconds(10),
        };
        return new GatewayRig(discord, change?.Invoke(options) ?? options, time, restTimeout);
    }

    public static async Task<GatewayRig> StartAsync(SimulatorOptions? simulator = null, Action<Simulator>? prepare = null,
        Func<GatewayOptions, GatewayOptions>? change = null)
    {
        GatewayRig rig = await BeginAsync(simulator, prepare, change);
        await rig.UntilAsync(() => rig.Client.IsReady && rig.Client.Guilds.Find(rig.Discord.Guild.Id) is { Unavailable: false });
        return rig;
    }

    public Task UntilAsync(Func<bool> condition,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "") =>
        Simulator.WaitUntilAsync(condition, TimeSpan.FromSeconds(30), what);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await reading;
        await Discord.DisposeAsync();
        Rest.Dispose();
        http.Dispose();
        stop.Dispose();
    }

    private async Task ReadAsync()
    {
        await foreach (GatewayEvent one in Client.Events.ReadAllAsync()) seen.Enqueue(one);
    }
}
