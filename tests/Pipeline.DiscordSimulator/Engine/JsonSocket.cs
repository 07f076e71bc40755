using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace Pipeline.DiscordSimulator.Engine;

/// <summary>
/// One server-side web socket: messages come in on the event loop in order, messages go out in order from a queue.
/// Closing sends the close frame after what was queued before it; aborting cuts the connection as a lost network does.
/// </summary>
internal sealed class JsonSocket(WebSocket socket, EventLoop loop, Action abort)
{
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(5);

    private readonly Channel<Outgoing> outgoing =
        Channel.CreateUnbounded<Outgoing>(new UnboundedChannelOptions { SingleReader = true });

    private readonly record struct Outgoing(byte[]? Bytes, WebSocketMessageType Type, int CloseCode, string Reason);

    /// <summary>True after the server began to close or the connection broke.</summary>
    public bool IsClosed { get; private set; }

    public void SendText(string text) => Send(new Outgoing(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, 0, ""));

    public void SendBinary(byte[] bytes) => Send(new Outgoing(bytes, WebSocketMessageType.Binary, 0, ""));

    public void Close(int code, string reason)
    {
        if (IsClosed)
            return;
        Send(new Outgoing(null, WebSocketMessageType.Close, code, reason));
        IsClosed = true;
        outgoing.Writer.TryComplete();
    }

    public void Abort()
    {
        IsClosed = true;
        outgoing.Writer.TryComplete();
        abort();
    }

    /// <summary>
    /// Runs until the connection ends. <paramref name="received"/> and <paramref name="ended"/> run on the event loop;
    /// the latter gets the client's close code, or -1 when the connection broke or the server closed it.
    /// </summary>
    public async Task RunAsync(Action<WebSocketMessageType, byte[]> received, Action<int> ended)
    {
        Task writing = WriteAsync();
        int code = await ReadAsync(received);
        outgoing.Writer.TryComplete();
        loop.Post(() =>
        {
            IsClosed = true;
            ended(code);
        });
        await writing;
        if (socket.State == WebSocketState.CloseReceived)
            await TryAsync(() => socket.CloseOutputAsync(
                socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None));
    }

    private void Send(Outgoing message)
    {
        if (!IsClosed)
            outgoing.Writer.TryWrite(message);
    }

    private async Task<int> ReadAsync(Action<WebSocketMessageType, byte[]> received)
    {
        byte[] buffer = new byte[16 * 1024];
        using MemoryStream message = new();
        try
        {
            while (true)
            {
                WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (result.MessageType == WebSocketMessageType.Close)
                    return (int)(result.CloseStatus ?? WebSocketCloseStatus.Empty);
                message.Write(buffer, 0, result.Count);
                if (!result.EndOfMessage)
                    continue;
                byte[] bytes = message.ToArray();
                message.SetLength(0);
                WebSocketMessageType type = result.MessageType;
                loop.Post(() =>
                {
                    if (!IsClosed)
                        received(type, bytes);
                });
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            return -1;
        }
    }

    private async Task WriteAsync()
    {
        await foreach (Outgoing message in outgoing.Reader.ReadAllAsync())
        {
            bool sent = await TryAsync(() => message.Bytes is null
                ? socket.CloseOutputAsync((WebSocketCloseStatus)message.CloseCode, message.Reason, CancellationToken.None)
                : socket.SendAsync(message.Bytes, message.Type, true, CancellationToken.None));
            if (sent && message.Bytes is null)
                loop.Schedule(CloseGrace, abort); // a client that never answers the close frame is cut
            if (!sent)
                return;
        }
    }

    private static async Task<bool> TryAsync(Func<Task> send)
    {
        try
        {
            await send();
            return true;
        }
        catch (Exception exception) when (exception
            is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            return false; // the connection is gone; the reading side tells
        }
    }
}
