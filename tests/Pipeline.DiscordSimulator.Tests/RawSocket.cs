using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Pipeline.TestKit;

namespace Pipeline.DiscordSimulator.Tests;

/// <summary>A bare web socket client: JSON out, JSON and binary in, and the close code at the end. It obeys no protocol.</summary>
internal sealed class RawSocket : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket socket = new();
    private readonly Channel<Message> incoming = Channel.CreateUnbounded<Message>();
    private Task reading = Task.CompletedTask;

    private RawSocket()
    {
    }

    /// <summary>One incoming message: an object, or bytes, or the end with its code.</summary>
    public sealed record Message(JsonObject? Json, byte[]? Binary, int? CloseCode)
    {
        public int? Op => Json is null ? null : (int?)Json["op"];

        public string? Type => (string?)Json?["t"];

        public JsonNode? Data => Json?["d"];
    }

    public static async Task<RawSocket> ConnectAsync(string url, X509Certificate2? trusted = null)
    {
        RawSocket raw = new();
        if (trusted is not null)
        {
            raw.socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                using X509Chain chain = new();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.Add(trusted);
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return chain.Build((X509Certificate2)certificate!);
            };
        }

        await raw.socket.ConnectAsync(new Uri(url), CancellationToken.None);
        raw.reading = raw.ReadAsync();
        return raw;
    }

    public Task SendAsync(string json) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None);

    public Task SendAsync(byte[] bytes) =>
        socket.SendAsync(bytes, WebSocketMessageType.Binary, true, CancellationToken.None);

    public Task SendAsync(int op, JsonNode? data) => SendAsync(new JsonObject { ["op"] = op, ["d"] = data }.ToJsonString());

    public async Task<Message> ReadAnyAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        return await incoming.Reader.ReadAsync(patience.Token);
    }

    /// <summary>Skips messages until one fits; an end is never skipped.</summary>
    public async Task<Message> ReadAsync(Func<Message, bool> fits)
    {
        LoopLimit limit = new("a message that fits", Patience);
        while (true)
        {
            limit.Turn();
            Message message = await ReadAnyAsync();
            if (fits(message))
                return message;
            Assert.True(message.CloseCode is null, $"closed with {message.CloseCode}");
        }
    }

    public Task<Message> ReadAsync(int op) => ReadAsync(message => message.Op == op);

    public Task<Message> ReadAsync(string type) => ReadAsync(message => message.Type == type);

    /// <summary>Skips everything until the server closes; -1 is a cut connection.</summary>
    public async Task<int> ReadCloseAsync()
    {
        LoopLimit limit = new("the server closes", Patience);
        while (true)
        {
            limit.Turn();
            Message message = await ReadAnyAsync();
            if (message.CloseCode is { } code)
                return code;
        }
    }

    public Task CloseAsync(int code) =>
        socket.CloseOutputAsync((WebSocketCloseStatus)code, null, CancellationToken.None);

    public void Abort() => socket.Abort();

    public async ValueTask DisposeAsync()
    {
        socket.Abort();
        await reading;
        socket.Dispose();
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[256 * 1024];
        while (true)
        {
            try
            {
                int length = 0;
                WebSocketReceiveResult result;
                do
                {
                    result = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length),
                        CancellationToken.None);
                    length += result.Count;
                }
                while (!result.EndOfMessage);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    incoming.Writer.TryWrite(new Message(null, null, (int)(result.CloseStatus ?? WebSocketCloseStatus.Empty)));
                    return;
                }

                incoming.Writer.TryWrite(result.MessageType == WebSocketMessageType.Binary
                    ? new Message(null, buffer[..length], null)
                    : new Message((JsonObject)JsonNode.Parse(buffer.AsSpan(0, length))!, null, null));
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
            {
                incoming.Writer.TryWrite(new Message(null, null, -1));
                return;
            }
        }
    }
}
