using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests;

/// <summary>A voice client in the rough: handshake, discovery, and packets that it opens itself.</summary>
internal sealed class RawVoice : IAsyncDisposable
{
    private readonly UdpClient udp = new(new IPEndPoint(IPAddress.Loopback, 0));
    private TransportCipher? cipher;
    private uint nonce;

    private RawVoice(RawSocket socket, JsonObject credentials)
    {
        Socket = socket;
        Credentials = credentials;
    }

    public RawSocket Socket { get; }

    /// <summary>server_id, user_id, session_id, token, endpoint.</summary>
    public JsonObject Credentials { get; }

    public uint Ssrc { get; private set; }

    public int LocalPort => ((IPEndPoint)udp.Client.LocalEndPoint!).Port;

    /// <summary>Asks for a channel on the gateway and waits for both updates.</summary>
    public static async Task<JsonObject> RequestAsync(RawGateway gateway, SimulatedChannel channel, ulong userId)
    {
        await gateway.RequestVoiceAsync(channel);
        JsonNode? state = null;
        JsonNode? server = null;
        while (state is null || server is null)
        {
            RawSocket.Message message = await gateway.Socket.ReadAsync(candidate => candidate.Json is not null);
            if (message.Type == "VOICE_STATE_UPDATE" && (string?)message.Data?["user_id"] == userId.ToString())
                state = message.Data;
            if (message.Type == "VOICE_SERVER_UPDATE")
                server = message.Data;
        }

        return new JsonObject
        {
            ["server_id"] = channel.Guild!.Id.ToString(),
            ["user_id"] = userId.ToString(),
            ["session_id"] = (string?)state["session_id"],
            ["token"] = (string?)server["token"],
            ["endpoint"] = (string?)server["endpoint"],
        };
    }

    public static async Task<RawVoice> ConnectAsync(Simulator discord, JsonObject credentials)
    {
        RawSocket socket = await RawSocket.ConnectAsync(
            $"wss://{(string)credentials["endpoint"]!}/?v=8", discord.CertificateAuthority);
        return new RawVoice(socket, credentials);
    }

    /// <summary>Everything up to op 4.</summary>
    public static async Task<RawVoice> JoinAsync(
        Simulator discord, RawGateway gateway, SimulatedChannel channel, ulong userId, string mode = "aead_aes256_gcm_rtpsize")
    {
        RawVoice voice = await ConnectAsync(discord, await RequestAsync(gateway, channel, userId));
        await voice.IdentifyAsync();
        RawSocket.Message ready = await voice.Socket.ReadAsync(2);
        voice.Ssrc = (uint)ready.Data!["ssrc"]!;
        voice.udp.Connect(IPAddress.Loopback, (int)ready.Data["port"]!);
        (string address, int port) = await voice.DiscoverAsync();
        await voice.SelectAsync(mode, address, port);
        return voice;
    }

    public Task IdentifyAsync(string? token = null, string? sessionId = null, int maxDave = 0) =>
        Socket.SendAsync(0, new JsonObject
        {
            ["server_id"] = (string?)Credentials["server_id"],
            ["user_id"] = (string?)Credentials["user_id"],
            ["session_id"] = sessionId ?? (string?)Credentials["session_id"],
            ["token"] = token ?? (string?)Credentials["token"],
            ["max_dave_protocol_version"] = maxDave,
        });

    public Task ResumeAsync(long acknowledged) => Socket.SendAsync(7, new JsonObject
    {
        ["server_id"] = (string?)Credentials["server_id"],
        ["session_id"] = (string?)Credentials["session_id"],
        ["token"] = (string?)Credentials["token"],
        ["seq_ack"] = acknowledged,
    });

    public async Task<(string Address, int Port)> DiscoverAsync()
    {
        byte[] request = new byte[74];
        BinaryPrimitives.WriteUInt16BigEndian(request, 1);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), 70);
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), Ssrc);
        await udp.SendAsync(request);
        byte[] reply = await ReceiveAsync();
        Assert.Equal(74, reply.Length);
        Assert.Equal(2, BinaryPrimitives.ReadUInt16BigEndian(reply));
        return (Encoding.ASCII.GetString(reply, 8, 64).TrimEnd('\0'), BinaryPrimitives.ReadUInt16BigEndian(reply.AsSpan(72)));
    }

    public async Task SelectAsync(string mode, string address, int port)
    {
        await Socket.SendAsync(1, new JsonObject
        {
            ["protocol"] = "udp",
            ["data"] = new JsonObject { ["address"] = address, ["port"] = port, ["mode"] = mode },
        });
        RawSocket.Message description = await Socket.ReadAsync(4);
        byte[] key = [.. ((JsonArray)description.Data!["secret_key"]!).Select(octet => (byte)octet!)];
        Assert.Equal(32, key.Length);
        cipher = TransportCipher.Create(mode, key);
    }

    public Task SpeakAsync(int speaking = 1) =>
        Socket.SendAsync(5, new JsonObject { ["speaking"] = speaking, ["delay"] = 0, ["ssrc"] = Ssrc });

    public async Task SendRtpAsync(ushort sequence, uint timestamp, ReadOnlyMemory<byte> payload)
    {
        MediaPacket packet = new() { Ssrc = Ssrc, Sequence = sequence, Timestamp = timestamp, Payload = payload };
        byte[] datagram = new byte[1500];
        int length = RtpWire.Write(datagram, packet, default, cipher!, nonce++);
        await udp.SendAsync(datagram.AsMemory(0, length));
    }

    public async Task SendDatagramAsync(byte[] bytes) => await udp.SendAsync(bytes);

    public async Task<byte[]> ReceiveAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        return (await udp.ReceiveAsync(patience.Token)).Buffer;
    }

    /// <summary>The next RTP packet, opened.</summary>
    public async Task<(byte[] Datagram, MediaPacket Packet)> ReceiveRtpAsync()
    {
        byte[] datagram = await ReceiveAsync();
        Assert.True(RtpWire.TryRead(datagram, cipher!, default, out MediaPacket? packet), Convert.ToHexString(datagram));
        return (datagram, packet!);
    }

    public bool HasDatagram => udp.Available > 0;

    public async ValueTask DisposeAsync()
    {
        await Socket.DisposeAsync();
        udp.Dispose();
        cipher?.Dispose();
    }
}
