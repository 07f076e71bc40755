using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>
/// The UDP socket of one voice server. A blocking receive thread hands datagrams to the event loop, which answers
/// discovery and keepalives and routes RTP.
/// </summary>
internal sealed class SfuSocket : IDisposable
{
    private const int DiscoveryLength = 74;

    private readonly SimulatedWorld world;
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Thread thread;
    private volatile bool stopping;

    public SfuSocket(SimulatedWorld world)
    {
        this.world = world;
        socket.ReceiveBufferSize = 4 << 20;
        socket.SendBufferSize = 4 << 20;
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        thread = new Thread(Receive) { IsBackground = true, Name = "discord-simulator-sfu" };
        thread.Start();
    }

    public int Port { get; }

    public VoiceServer? Server { get; set; }

    public bool TrySend(ReadOnlySpan<byte> bytes, SocketAddress to) =>
        world.Faults.Find<SilentMedia>() is null && TrySendNow(bytes, to);

    public void Dispose()
    {
        stopping = true;
        socket.Dispose();
    }

    private bool TrySendNow(ReadOnlySpan<byte> bytes, SocketAddress to)
    {
        try
        {
            socket.SendTo(bytes, SocketFlags.None, to);
            return true;
        }
        catch (SocketException exception)
        {
            world.Log.Event("sfu", $"send failed: {exception.SocketErrorCode}");
            return false;
        }
    }

    private void Receive()
    {
        byte[] buffer = new byte[4096];
        SocketAddress source = new(AddressFamily.InterNetwork);
        IPEndPoint template = new(IPAddress.Loopback, 0);
        while (!stopping)
        {
            try
            {
                int length = socket.ReceiveFrom(buffer, SocketFlags.None, source);
                byte[] datagram = buffer.AsSpan(0, length).ToArray();
                IPEndPoint from = (IPEndPoint)template.Create(source);
                world.Loop.Post(() => Received(datagram, from));
            }
            catch (SocketException) when (!stopping)
            {
                // A client that is gone answers with ICMP; the socket stays usable.
            }
            catch (Exception exception) when (stopping && exception is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Received(byte[] datagram, IPEndPoint from)
    {
        if (datagram.Length == DiscoveryLength && BinaryPrimitives.ReadUInt16BigEndian(datagram) == 1)
            Discover(datagram, from);
        else if (world.Faults.Find<SilentMedia>() is not null)
            return;
        else if (datagram.Length <= 8)
            Echo(datagram, from);
        else if (datagram.Length >= 12 && Session(RtpWire.SsrcOf(datagram)) is { } session && datagram[0] >> 6 == 2)
        {
            session.Transport.Heard();
            if (datagram[1] is < 200 or > 206 && session.Transport.TryOpen(datagram, out MediaPacket? packet))
                session.Call.Route(session, packet!);
        }
    }

    private VoiceSession? Session(uint ssrc) => world.Voice.SessionBySsrc(Server!, ssrc);

    // Discord "Voice Connections", IP Discovery: type 2, length 70, SSRC, address with a zero at its end, port.
    private void Discover(byte[] request, IPEndPoint from)
    {
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(4));
        VoiceSession? session = Session(ssrc);
        world.Log.FromClient("sfu", session?.Member.User.Username ?? "?", $"discovery for {ssrc} from {from}");
        if (session is null || world.Faults.Take<IgnoreDiscovery>(session.UserId) is not null
            || world.Faults.Find<SilentMedia>() is { AnswersDiscovery: false })
            return;
        byte[] reply = new byte[DiscoveryLength];
        BinaryPrimitives.WriteUInt16BigEndian(reply, 2);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(2), 70);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), ssrc);
        Encoding.ASCII.GetBytes("127.0.0.1", reply.AsSpan(8));
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(72), (ushort)session.Transport.Observe(from));
        TrySendNow(reply, from.Serialize());
    }

    private void Echo(byte[] datagram, IPEndPoint from)
    {
        foreach (VoiceSession session in world.Voice.SessionsOf(null))
            session.Transport.HeardFrom(from);
        if (datagram.Length == 0)
            return;
        if (datagram.Length == 8 && BinaryPrimitives.ReadUInt32BigEndian(datagram) == 0x1337CAFE)
            BinaryPrimitives.WriteUInt32BigEndian(datagram, 0x1337F00D);
        TrySend(datagram, from.Serialize());
    }
}
