using System.Security.Cryptography;
using System.Text;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>One voice server: a TLS web socket endpoint and the SFU's UDP socket beside it.</summary>
internal sealed class VoiceServer(SimulatedWorld world, int index, SfuSocket sfu)
{
    public int Index { get; } = index;

    public SfuSocket Sfu { get; } = sfu;

    /// <summary><c>127.0.0.1:port</c>, as VOICE_SERVER_UPDATE tells it.</summary>
    public string Endpoint { get; set; } = string.Empty;

    public async Task AcceptAsync(HttpContext context)
    {
        using System.Net.WebSockets.WebSocket webSocket = await context.WebSockets.AcceptWebSocketAsync();
        JsonSocket socket = new(webSocket, world.Loop, context.Abort);
        VoiceConnection connection = new(world, this, socket);
        string? version = context.Request.Query["v"];
        world.Loop.Post(() =>
        {
            world.Log.Event("voice", $"server {Index} connected {context.Request.QueryString}");
            if (version == "8")
                connection.Start();
            else
                connection.Close(4012, "Only version 8 is simulated.");
        });
        await socket.RunAsync(connection.Received, connection.Ended);
    }

    /// <summary>The close code for an op 0 that does not fit its ticket, or null (Discord "Voice Close Event Codes").</summary>
    public int? Refusal(VoiceTicket? ticket, string? sessionId, string? token, int maxDaveVersion)
    {
        if (ticket is null || sessionId != ticket.SessionId)
            return 4006;
        byte[] expected = Encoding.UTF8.GetBytes(ticket.Token);
        if (!CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(token ?? string.Empty)))
            return 4004;
        if (ticket.Server != this)
            return 4011;
        bool needsDave = world.Options.Dave == DaveMode.Enforced && ticket.Channel.Kind == ChannelKind.Voice;
        return needsDave && maxDaveVersion == 0 ? 4017 : null;
    }
}
