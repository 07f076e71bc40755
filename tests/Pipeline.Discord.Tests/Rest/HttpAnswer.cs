using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pipeline.Discord.Tests.Rest;

/// <summary>A server on loopback that gives every request the same answer, and counts them.</summary>
/// <param name="head">Status and further headers, without the last line end.</param>
internal sealed class HttpAnswer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly byte[] answer;
    private readonly Task serving;
    private int requests;

    public HttpAnswer(string head, string body)
    {
        answer = Encoding.ASCII.GetBytes($"HTTP/1.1 {head}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    public int Requests => Volatile.Read(ref requests);

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref requests);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            return;
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        try
        {
            using StreamReader request = new(stream, Encoding.ASCII, leaveOpen: true);
            while (await request.ReadLineAsync() is { Length: > 0 }) ;
            await stream.WriteAsync(answer);
        }
        catch (IOException)
        {
            return; // Who has read enough hangs up.
        }
    }
}
