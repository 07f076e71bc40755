using System.Net;
using System.Net.Sockets;
using System.Text;
using Pipeline.Bot.Hosting;
using Pipeline.Hosting;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Hosting;

public sealed class ProbeExchangeTests
{
    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: somewhere.else\r\n\r\n", "HTTP/1.1 200 ", "/healthz\n")]
    [InlineData("GET /healthz?verbose=1 HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "/healthz\n")]
    [InlineData("GET http://127.0.0.1:8080/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 200 ", "/healthz\n")]
    [InlineData("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "\r\n\r\n")]
    [InlineData("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "known\n")]
    [InlineData("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 405 ", "known: GET, HEAD\n")]
    [InlineData("\u0016\u0003\u0001 no request\r\n\r\n", "HTTP/1.1 400 ", "no HTTP request\n")]
    public async Task Every_probe_is_answered_and_the_connection_closed(string request, string first, string last)
    {
        string answer = await AskAsync(request);
        Assert.StartsWith(first, answer, StringComparison.Ordinal);
        Assert.EndsWith(last, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_hangs_up_without_a_word_gets_none() => Assert.Equal("", await AskAsync(""));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public void Address_that_is_taken_is_named_with_its_setting(string host)
    {
        Uri endpoint = new($"http://{host}:{FreePort.Take(1)[0]}");
        using TcpListener first = ListenAddress.Open("HEALTH_ENDPOINT", endpoint);
        IOException taken = Assert.Throws<AddressUnavailableException>(() => ListenAddress.Open("HEALTH_ENDPOINT", endpoint));
        Assert.StartsWith($"HEALTH_ENDPOINT: '{endpoint.OriginalString}'", taken.Message, StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(string request)
    {
        using TcpListener listener = ListenAddress.Open("HEALTH_ENDPOINT", new Uri($"http://127.0.0.1:{FreePort.Take(1)[0]}"));
        using Socket prober = new(SocketType.Stream, ProtocolType.Tcp);
        await prober.ConnectAsync(listener.LocalEndpoint, TestContext.Current.CancellationToken);
        await prober.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        prober.Shutdown(SocketShutdown.Send);
        using Socket ours = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await using NetworkStream stream = new(ours);
        await ProbeExchange.RunAsync(stream, path =>
            path == "/healthz" ? (HttpStatusCode.OK, path) : (HttpStatusCode.NotFound, "known"), TestContext.Current.CancellationToken);
        await ProbeExchange.CloseAsync(ours, TestContext.Current.CancellationToken);
        byte[] answer = new byte[1024];
        int length = 0;
        while (await prober.ReceiveAsync(answer.AsMemory(length), TestContext.Current.CancellationToken) is var read and > 0)
            length += read;
        return Encoding.ASCII.GetString(answer, 0, length);
    }
}
