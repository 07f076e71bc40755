using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Hosting;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// Answers a platform's probes: <c>GET /healthz</c> 200 while the recordings and the watch over the spool turn, else 503 with the names of
/// those that do not;
/// <c>GET /readyz</c> 200 while Discord has us or while we stand by for another bot that serves the same shard.
/// </summary>
/// <remarks>
/// Not on <see cref="HttpListener"/>: a probe that comes while one starts to listen ends the process there, and one that says localhost
/// where 127.0.0.1 was set is told that there is nothing.
/// </remarks>
/// <param name="gateway">Null in commands that do not speak to Discord.</param>
internal sealed class HealthServer(HostingOptions options, ActiveRecordings recordings, SpoolWatch watch, ShardLease? lease,
    GatewayClient? gateway, ILogger<HealthServer> logger) : BackgroundService
{
    /// <summary>A further one takes the place of the oldest: who connects and is silent keeps no prober waiting.</summary>
    public const int MostProbers = 256;

    private readonly List<(Socket Prober, Task Served)> probers = []; // oldest first; ExecuteAsync alone
    private TcpListener? listener;

    /// <summary>So long may one request and its answer take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <exception cref="IOException">The address is taken or not ours.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.HealthEndpoint is not { } endpoint) return Task.CompletedTask;
        listener = ListenAddress.Open("HEALTH_ENDPOINT", endpoint);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        listener?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Socket prober = await listener!.AcceptSocketAsync(stoppingToken);
                MakeRoom();
                probers.Add((prober, ServeAsync(prober, stoppingToken)));
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException gone)
            {
                logger.ProbeFailed(Cause.Of(gone));
            }
        }
        listener!.Stop();
    }

    private void MakeRoom()
    {
        probers.RemoveAll(prober => prober.Served.IsCompleted);
        if (probers.Count < MostProbers) return;
        probers[0].Prober.Dispose();
        probers.RemoveAt(0);
    }

    private async Task ServeAsync(Socket prober, CancellationToken stopping)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            await using NetworkStream stream = new(prober, ownsSocket: true);
            await ProbeExchange.RunAsync(stream, Answer, limit.Token);
            await ProbeExchange.CloseAsync(prober, limit.Token);
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException
            or ObjectDisposedException)
        {
            logger.ProbeFailed(Cause.Of(gone));
        }
    }

    private (HttpStatusCode Status, string Text) Answer(string path) => path switch
    {
        "/healthz" => Health(),
        "/readyz" => Readiness(),
        _ => (HttpStatusCode.NotFound, "known: /healthz, /readyz"),
    };

    private (HttpStatusCode Status, string Text) Health()
    {
        if (recordings.Failure is not null) return (HttpStatusCode.ServiceUnavailable, "a recording broke off");
        IReadOnlyList<string> stalled = watch.Stalled;
        return stalled.Count == 0 ? (HttpStatusCode.OK, "healthy")
            : (HttpStatusCode.ServiceUnavailable, $"stalled: {string.Join(", ", stalled)}");
    }

    private (HttpStatusCode Status, string Text) Readiness()
    {
        if (lease?.State == ShardState.StandingBy) return (HttpStatusCode.OK, "standing by");
        return gateway?.IsReady == true ? (HttpStatusCode.OK, "ready")
            : (HttpStatusCode.ServiceUnavailable, "Discord does not have us yet");
    }
}
