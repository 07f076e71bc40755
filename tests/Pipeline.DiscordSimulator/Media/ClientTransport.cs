using System.Net;
using System.Net.Sockets;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>The UDP side of one client: where it is, what it selected, its key and nonce counter.</summary>
internal sealed class ClientTransport(SimulatedWorld world, SfuSocket socket, string who) : IDisposable
{
    private readonly byte[] datagram = new byte[2048];
    private TransportCipher? cipher;
    private IPEndPoint? observed;
    private int toldPort;
    private SocketAddress? remote;
    private uint nonce;

    /// <summary>Selected cipher; null before op 1.</summary>
    public string? Mode { get; private set; }

    public byte[] Key { get; private set; } = [];

    /// <summary>The client sent op 5.</summary>
    public bool HasSpoken { get; set; }

    /// <summary>The client sent an RTP packet that opened.</summary>
    public bool HasSent { get; private set; }

    /// <summary>Packets of the client that did not open or came before op 5.</summary>
    public long Rejected { get; private set; }

    /// <summary>Keepalives that came from where the client is.</summary>
    public long Keepalives { get; private set; }

    /// <summary>Virtual time of the newest datagram from the client.</summary>
    public TimeSpan LastHeard { get; private set; }

    /// <summary>A discovery request came; returns the port to tell.</summary>
    public int Observe(IPEndPoint source)
    {
        observed = source;
        toldPort = world.Options.SimulateNat ? source.Port ^ 0x0F0F : source.Port;
        return toldPort;
    }

    /// <summary>Op 1: the address at which the client believes to be.</summary>
    public void Expect(string? address, int port)
    {
        LastHeard = world.Loop.Elapsed;
        remote = null;
        if (world.Options.SimulateNat)
            remote = port == toldPort && address == "127.0.0.1" ? observed?.Serialize() : null;
        else if (IPAddress.TryParse(address, out IPAddress? ip) && IPAddress.IsLoopback(ip) && port is > 0 and <= 65535)
            remote = new IPEndPoint(ip, port).Serialize();
        if (remote is null)
            world.Log.Event("sfu", $"{who} selected {address}:{port}, where nobody is; told was {toldPort}");
    }

    public void Select(string mode, byte[] key)
    {
        Mode = mode;
        Key = key;
        cipher?.Dispose();
        cipher = TransportCipher.Create(mode, key);
    }

    public void Heard() => LastHeard = world.Loop.Elapsed;

    /// <summary>A keepalive, which carries no SSRC, refreshes the mapping of the client that it came from.</summary>
    public void HeardFrom(IPEndPoint source)
    {
        if (!source.Equals(observed))
            return;
        Keepalives++;
        Heard();
    }

    /// <summary>Opens an RTP packet of the client.</summary>
    public bool TryOpen(ReadOnlySpan<byte> bytes, out MediaPacket? packet)
    {
        packet = null;
        bool opened = cipher is not null && RtpWire.TryRead(bytes, cipher, world.Loop.Elapsed, out packet);
        // Discord "Voice Connections", Speaking: media before op 5 is invalid.
        if (!opened || !HasSpoken)
        {
            Rejected++;
            world.Log.Event("sfu", $"packet of {who} refused: {(opened ? "no op 5 yet" : "does not open")}");
            return false;
        }

        HasSent = true;
        return true;
    }

    public bool TrySend(MediaPacket packet, PacketShape shape)
    {
        if (!IsReachable())
            return false;
        int length = RtpWire.Write(datagram, packet, shape, cipher!, nonce++);
        return socket.TrySend(datagram.AsSpan(0, length), remote!);
    }

    public void SendSenderReport(uint ssrc, uint timestamp)
    {
        if (IsReachable())
            socket.TrySend(datagram.AsSpan(0, RtpWire.WriteSenderReport(datagram, ssrc, timestamp, cipher!, nonce++)), remote!);
    }

    public void SendForged(MediaPacket packet)
    {
        if (!IsReachable())
            return;
        int length = RtpWire.Write(datagram, packet, new PacketShape(1, 0, 0), cipher!, nonce++);
        datagram[length - TransportCipher.Overhead] ^= 1; // first byte of the tag
        socket.TrySend(datagram.AsSpan(0, length), remote!);
    }

    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        if (remote is not null)
            socket.TrySend(bytes, remote);
    }

    public void Dispose()
    {
        cipher?.Dispose();
        cipher = null; // packets that are still on their way find nobody
    }

    private bool IsReachable() =>
        cipher is not null
        && remote is not null
        && (world.Options.NatMappingLifetime is not { } lifetime || world.Loop.Elapsed - LastHeard <= lifetime)
        && (world.Options.ReceiveUnlock == ReceiveUnlock.Discovery || (HasSpoken && HasSent));
}
