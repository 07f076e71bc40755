using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pipeline.TestKit;

/// <summary>An HTTP server on loopback that answers every request with bytes of the test's own, right or wrong, and hangs up.</summary>
public sealed class ScriptedPeer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly string answer;

    /// <param name="answer">Head and body.</param>
    public ScriptedPeer(string answer)
    {
        this.answer = answer;
        listener.Start();
        _ = ServeAsync();
    }

    public Uri Address => new($"http://{listener.LocalEndpoint}/");

    /// <summary>The head of each request, as it came.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public void Dispose() => listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException or IOException)
        {
            return; // The test is over, or its client has gone.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        StringBuilder head = new();
        while (await reader.ReadLineAsync() is { Length: > 0 } line) head.AppendLine(line);
        Requests.Enqueue(head.ToString());
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }
}
