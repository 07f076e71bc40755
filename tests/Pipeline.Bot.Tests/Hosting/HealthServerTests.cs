using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Hosting;

public sealed class HealthServerTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Who_connects_and_says_nothing_keeps_no_probe_waiting()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        Uri endpoint = new($"http://127.0.0.1:{FreePort.Take(1)[0]}");
        ILoggerFactory logs = new LogSink();
        using HealthServer server = new(new HostingOptions { HealthEndpoint = endpoint }, room.Hosts, room.Watch, lease: null,
            gateway: null, logs.CreateLogger<HealthServer>())
        {
            Patience = Timeout.InfiniteTimeSpan,
        };
        await server.StartAsync(cancellation);
        List<Socket> silent = [];
        try
        {
            for (int i = 0; i < HealthServer.MostProbers; i++)
            {
                Socket one = new(SocketType.Stream, ProtocolType.Tcp);
                silent.Add(one);
                await one.ConnectAsync(IPAddress.Loopback, endpoint.Port, cancellation);
            }
            using HttpClient prober = new() { Timeout = TimeSpan.FromSeconds(30) };
            using HttpResponseMessage answer = await prober.GetAsync(new Uri(endpoint, "/healthz"), cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            // The oldest made room for it, and no other did.
            Assert.True(silent[0].Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead));
            Assert.All(silent.Skip(1), one => Assert.False(one.Poll(TimeSpan.Zero, SelectMode.SelectRead)));
        }
        finally
        {
            silent.ForEach(one => one.Dispose());
            await server.StopAsync(cancellation);
        }
    }

    [Fact]
    public async Task Probe_is_told_what_is_wrong()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using TempFolder spool = new();
        LeapingTime time = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path, time: time);
        Uri endpoint = new($"http://127.0.0.1:{FreePort.Take(1)[0]}");
        ILoggerFactory logs = new LogSink();
        using HealthServer server = new(new HostingOptions { HealthEndpoint = endpoint }, room.Hosts, room.Watch, lease: null,
            gateway: null, logs.CreateLogger<HealthServer>());
        await server.StartAsync(cancellation);
        using HttpClient prober = new() { Timeout = TimeSpan.FromSeconds(30) };
        Assert.Equal((HttpStatusCode.OK, "healthy\n"), await AskAsync("/healthz"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Discord does not have us yet\n"), await AskAsync("/readyz"));
        Assert.Equal((HttpStatusCode.NotFound, "known: /healthz, /readyz\n"), await AskAsync("/"));
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(new ReplayClock(time.GetUtcNow())), cancellation);
        time.Leap(TimeSpan.FromSeconds(61));
        (HttpStatusCode status, string text) = await AskAsync("/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.StartsWith("stalled: ", text, StringComparison.Ordinal);
        Assert.Contains(host.Session.RecordingId.ToString(), text, StringComparison.Ordinal);
        room.Hosts.Broken(new InvalidOperationException("a bug"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "a recording broke off\n"), await AskAsync("/healthz"));
        await server.StopAsync(cancellation);

        async Task<(HttpStatusCode Status, string Text)> AskAsync(string path)
        {
            using HttpResponseMessage answer = await prober.GetAsync(new Uri(endpoint, path), cancellation);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        }
    }
}
