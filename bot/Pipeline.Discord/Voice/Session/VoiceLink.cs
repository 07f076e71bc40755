using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Pipeline.Discord.Rest;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// One websocket to the voice gateway: connects, passes whole messages on in arrival order, sends. The control loop owns it; only the
/// receive pump runs beside, and posts into the loop's queue.
/// </summary>
internal sealed class VoiceLink : IAsyncDisposable
{
    /// <summary>Longer messages end the connection: a Welcome for a thousand members stays below this.</summary>
    public const int MaxMessageLength = 2 * 1024 * 1024;

    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource ended = new();
    private readonly ChannelWriter<VoiceSessionInput> inputs;
    private readonly TimeProvider time;
    private Task pump = Task.CompletedTask;

    public VoiceLink(ChannelWriter<VoiceSessionInput> inputs, X509Certificate2Collection extraRoots, TimeProvider time)
    {
        this.inputs = inputs;
        this.time = time;
        socket.Options.KeepAliveInterval = TimeSpan.Zero; // The gateway has heartbeats of its own.
        socket.Options.RemoteCertificateValidationCallback = ExtraRoots.Check(extraRoots);
    }

    /// <summary>
    /// Connects in the background and posts <see cref="VoiceSessionInput.Opened"/> or <see cref="VoiceSessionInput.Closed"/>.
    /// </summary>
    public void Open(Uri address) => pump = RunAsync(address);

    /// <summary>False when the connection is gone or takes no more; the pump tells why.</summary>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        if (socket.State != WebSocketState.Open) return false;
        using CancellationTokenSource limit = new(SendLimit, time);
        try
        {
            await socket.SendAsync(message, type, endOfMessage: true, limit.Token);
            return true;
        }
        catch (Exception e) when (
            e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            socket.Abort();
            return false;
        }
    }

    /// <summary>Tells the server that we go. Any code but 1000 and 1001 keeps the session resumable.</summary>
    public async Task CloseAsync(int closeCode)
    {
        using CancellationTokenSource limit = new(CloseLimit, time);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync((WebSocketCloseStatus)closeCode, "", limit.Token);
        }
        catch (Exception e) when (
            e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It is gone already, which is what was wanted.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        socket.Abort();
        await pump;
        socket.Dispose();
        ended.Dispose();
    }

    private async Task RunAsync(Uri address)
    {
        int? closeCode = null;
        string problem = "";
        try
        {
            await socket.ConnectAsync(address, ended.Token);
            await inputs.WriteAsync(new VoiceSessionInput.Opened(this), ended.Token);
            await ReceiveAsync();
            closeCode = (int?)socket.CloseStatus;
        }
        catch (Exception e) when (
            e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            closeCode = (int?)socket.CloseStatus;
            problem = e.GetBaseException().Message;
        }
        await PostClosedAsync(new VoiceSessionInput.Closed(this, closeCode, problem));
    }

    private async Task PostClosedAsync(VoiceSessionInput.Closed closed)
    {
        try
        {
            await inputs.WriteAsync(closed, ended.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // Nobody listens any more.
        }
    }

    private async Task ReceiveAsync()
    {
        byte[] chunk = new byte[16 * 1024];
        using MemoryStream message = new();
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(chunk.AsMemory(), ended.Token);
            if (part.MessageType == WebSocketMessageType.Close) return;
            message.Write(chunk, 0, part.Count);
            if (message.Length > MaxMessageLength) throw new InvalidOperationException("a message of the voice gateway exceeds the limit");
            if (!part.EndOfMessage) continue;
            byte[] whole = message.ToArray();
            message.SetLength(0);
            await inputs.WriteAsync(new VoiceSessionInput.Received(this, whole, part.MessageType == WebSocketMessageType.Binary),
                ended.Token);
        }
    }
}
