using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Hosting;
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
}
