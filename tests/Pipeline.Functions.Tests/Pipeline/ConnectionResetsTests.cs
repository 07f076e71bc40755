using System.Net;
using System.Net.Sockets;
using Pipeline.Delivery.ApiClient;

namespace Pipeline.Functions.Tests.Pipeline;

public sealed class ConnectionResetsTests
{
    [Fact]
    public async Task Connection_reset_in_the_moment_it_is_made_is_a_fault_that_is_tried_again()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task resets = ResetAllAsync(listener);
        using HttpClient http = new(new ConnectionResets(new SocketsHttpHandler { UseProxy = false }));
        for (int attempt = 0; attempt < 300; attempt++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() =>
                http.GetAsync(new Uri($"http://{listener.LocalEndpoint}/"), TestContext.Current.CancellationToken));
        }
        listener.Stop();
        await resets;
    }

    private static async Task ResetAllAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using Socket socket = await listener.AcceptSocketAsync();
                socket.LingerState = new LingerOption(enable: true, seconds: 0); // closing sends RST
            }
        }
        catch (Exception stopped) when (stopped is SocketException or InvalidOperationException)
        {
            // The listener has been stopped, while it waited for a connection or before it did so again.
        }
    }
}
