using System.Net;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Upload;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// Answers a platform's probes: <c>GET /healthz</c> 200 while the recordings and the watch over the spool turn, else 503 with the names of those that do not;
/// <c>GET /readyz</c> 200 while Discord has us or while we stand by for another bot that serves the same shard.
/// </summary>
/// <param name="gateway">Null in commands that do not speak to Discord.</param>
public sealed class HealthServer(HostingOptions options, RecordingHosts hosts, ShardLease? lease, GatewayClient? gateway, ILogger<HealthServer> logger) : BackgroundService
{
    private readonly HttpListener listener = new();

    /// <exception cref="IOException">The address is taken or not ours.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.HealthEndpoint is not { } endpoint) return Task.CompletedTask;
        ListenAddress.Open(listener, "HEALTH_ENDPOINT", endpoint);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        ((IDisposable)listener).Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenRegistration stopping = stoppingToken.Register(listener.Stop);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                HttpListenerContext context = await listener.GetContextAsync();
                await AnswerAsync(context);
            }
            catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or IOException)
            {
                // A prober that hung up, or our own stop.
                if (!stoppingToken.IsCancellationRequested) logger.ProbeFailed(gone.Message);
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using HttpListenerResponse response = context.Response;
        (HttpStatusCode status, string text) = context.Request.Url?.AbsolutePath switch
        {
            "/healthz" => Health(),
            "/readyz" => Readiness(),
            _ => (HttpStatusCode.NotFound, "known: /healthz, /readyz"),
        };
        byte[] body = Encoding.UTF8.GetBytes(text + "\n");
        response.StatusCode = (int)status;
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength64 = body.Length;
        await response.OutputStream.WriteAsync(body);
    }

    private (HttpStatusCode Status, string Text) Health()
    {
        if (hosts.Failure is not null) return (HttpStatusCode.ServiceUnavailable, "a recording broke off");
        IReadOnlyList<string> stalled = hosts.Stalled;
        return stalled.Count == 0 ? (HttpStatusCode.OK, "healthy") : (HttpStatusCode.ServiceUnavailable, $"stalled: {string.Join(", ", stalled)}");
    }

    private (HttpStatusCode Status, string Text) Readiness()
    {
        if (lease?.State == ShardState.StandingBy) return (HttpStatusCode.OK, "standing by");
        return gateway?.IsReady == true ? (HttpStatusCode.OK, "ready") : (HttpStatusCode.ServiceUnavailable, "Discord does not have us yet");
    }
}
