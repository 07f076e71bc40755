using System.Buffers;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.RateLimiting;
using Pipeline.Discord.Rest;

namespace Pipeline.Discord.Gateway;

/// <summary>
/// One websocket to the gateway: whole messages in, messages within Discord's send limit out. Receiving is for one caller;
/// sending for any.
/// </summary>
internal sealed class GatewayConnection(X509Certificate2Collection extraRoots) : IDisposable
{
    // Discord: Rate Limiting. 120 sends in 60 s per connection; 5 of them are kept for heartbeats.
    private const int SendLimit = 120;
    private const int HeartbeatReserve = 5;
    private const int MaxOutgoingBytes = 4096;

    /// <summary>A GUILD_CREATE of the largest guilds has a few MB; more is not a gateway message.</summary>
    private const int MaxIncomingBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly ClientWebSocket socket = new();
    private readonly SlidingWindowRateLimiter limiter = new(new SlidingWindowRateLimiterOptions
    {
        PermitLimit = SendLimit - HeartbeatReserve,
        Window = TimeSpan.FromSeconds(60),
        SegmentsPerWindow = 12,
        QueueLimit = 1024,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    // ClientWebSocket takes one send at a time.
    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly ArrayBufferWriter<byte> incoming = new(16 * 1024);

    /// <summary>The close code: the server's, or ours after <see cref="AbandonAsync"/>; null when the connection broke.</summary>
    public int? CloseCode => (int?)socket.CloseStatus;

    /// <summary>The gateway was reached and has greeted.</summary>
    public bool HadHello { get; set; }

    public async Task ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        // The protocol has heartbeats of its own.
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.RemoteCertificateValidationCallback = ExtraRoots.Check(extraRoots);
        await socket.ConnectAsync(address, cancellationToken);
    }

    /// <summary>The next whole message, or null when the server closed. The caller disposes the document before it asks again.</summary>
    /// <exception cref="WebSocketException">The connection broke.</exception>
    public async Task<JsonDocument?> ReceiveAsync(CancellationToken cancellationToken)
    {
        incoming.ResetWrittenCount();
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(incoming.GetMemory(4096), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            incoming.Advance(part.Count);
            if (incoming.WrittenCount > MaxIncomingBytes) throw new WebSocketException("a gateway message is larger than 64 MB");
            if (part.EndOfMessage) return Parse(incoming.WrittenMemory);
        }
    }

    /// <summary>
    /// What is not JSON becomes null in JSON, which no reader takes for a message. The buffer is not reused while the document lives.
    /// </summary>
    private static JsonDocument Parse(ReadOnlyMemory<byte> message)
    {
        try
        {
            return JsonDocument.Parse(message);
        }
        catch (JsonException)
        {
            return JsonDocument.Parse("null");
        }
    }

    /// <summary>Sends within the limit; waits for a place.</summary>
    public async Task SendAsync(int opcode, Action<Utf8JsonWriter> writeData, CancellationToken cancellationToken)
    {
        using RateLimitLease lease = await limiter.AcquireAsync(1, cancellationToken);
        if (!lease.IsAcquired) throw new TimeoutException("too many messages wait for the gateway's send limit");
        await SendNowAsync(Encode(opcode, writeData), cancellationToken);
    }

    /// <summary>Op 1 with the last sequence; uses the reserve, so it never waits behind other messages' limit.</summary>
    public Task SendHeartbeatAsync(long? sequence, CancellationToken cancellationToken) =>
        SendNowAsync(Encode(GatewayOpcode.Heartbeat, writer =>
        {
            if (sequence is { } value) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }), cancellationToken);

    /// <summary>Leaves so that the session can be resumed; does not wait long for a peer that is gone.</summary>
    public async Task AbandonAsync()
    {
        using CancellationTokenSource timeout = new(CloseTimeout);
        try
        {
            if (socket.State == WebSocketState.Open)
            {
                await socket.CloseOutputAsync((WebSocketCloseStatus)GatewayCloseCode.Abandon, null, timeout.Token);
            }
        }
        catch (Exception problem) when (problem is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            // The peer is gone already; aborting below is all that is left.
        }
        socket.Abort();
    }

    /// <summary>Says goodbye: Discord ends the session and the bot goes offline at once.</summary>
    public async Task CloseAsync()
    {
        using CancellationTokenSource timeout = new(CloseTimeout);
        try
        {
            if (socket.State == WebSocketState.Open) await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, timeout.Token);
        }
        catch (Exception problem) when (problem is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            socket.Abort();
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        limiter.Dispose();
        sending.Dispose();
    }

    private static ReadOnlyMemory<byte> Encode(int opcode, Action<Utf8JsonWriter> writeData)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("op"u8, opcode);
            writer.WritePropertyName("d"u8);
            writeData(writer);
            writer.WriteEndObject();
        }
        if (buffer.WrittenCount > MaxOutgoingBytes)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture,
                $"op {opcode} has {buffer.WrittenCount} bytes; the gateway takes {MaxOutgoingBytes}"));
        }
        return buffer.WrittenMemory;
    }

    private async Task SendNowAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await sending.WaitAsync(cancellationToken);
        try
        {
            // Cancelling a send in its middle would kill the connection for everybody.
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }
    }
}
