using System.Net.Sockets;

namespace Pipeline.Discord.Media;

/// <summary>One datagram per call, on any system.</summary>
internal sealed class SocketDatagramSource : IDatagramSource
{
    private readonly Socket socket;
    private readonly byte[] buffer = new byte[MediaPath.MaxDatagramLength + 1];
    private int length;

    /// <param name="socket">Connected and never used asynchronously; stays the caller's.</param>
    public SocketDatagramSource(Socket socket)
    {
        this.socket = socket;
        socket.ReceiveTimeout = 500;
    }

    public long KernelDrops => 0;

    public bool TellsArrival => false;

    public int BatchSize => 1;

    public ReadOnlySpan<byte> this[int index] => buffer.AsSpan(0, length);

    public int Receive()
    {
        length = socket.Receive(buffer, SocketFlags.None, out SocketError error);
        if (error == SocketError.MessageSize) length = buffer.Length;
        else if (error != SocketError.Success) return 0;
        return 1;
    }

    public TimeSpan Waited(int index) => TimeSpan.Zero;

    public void Dispose()
    {
    }
}
