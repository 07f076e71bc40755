using System.Net;
using System.Net.Sockets;

namespace Pipeline.Discord.Media;

/// <summary>
/// The UDP socket to the SFU: connected, so that the kernel drops what others send, and blocking. One thread reads it, the control loop
/// sends the few datagrams that we have.
/// </summary>
internal sealed class MediaSocket : IDisposable
{
    /// <summary>
    /// 25 speakers send 1250 packets/s; this holds several seconds of them. The kernel may grant less (net.core.rmem_max).
    /// </summary>
    public const int ReceiveBufferSize = 2 * 1024 * 1024;

    private readonly Socket socket;

    /// <exception cref="SocketException">No route or no socket.</exception>
    public MediaSocket(IPEndPoint server)
    {
        socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.ReceiveBufferSize = ReceiveBufferSize;
            socket.Connect(server);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What the kernel granted, in bytes; Linux reports twice the usable size.</summary>
    public int GrantedReceiveBuffer => socket.ReceiveBufferSize;

    public IDatagramSource OpenSource() =>
        (IDatagramSource?)BatchDatagramSource.TryCreate(socket, TimeProvider.System) ?? new SocketDatagramSource(socket);

    /// <summary>Sends one datagram. False when the system refused it: UDP promises nothing, so the caller counts and goes on.</summary>
    public bool TrySend(ReadOnlySpan<byte> datagram)
    {
        try
        {
            return socket.Send(datagram, SocketFlags.None, out SocketError error) == datagram.Length && error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Wakes the reading thread.</summary>
    public void StopReceiving()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Receive);
        }
        catch (SocketException)
        {
            // Refused by some systems for datagrams; the reader wakes up by its time limit then.
        }
    }

    public void Dispose() => socket.Dispose();
}
