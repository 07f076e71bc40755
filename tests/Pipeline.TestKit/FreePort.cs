using System.Net;
using System.Net.Sockets;

namespace Pipeline.TestKit;

/// <summary>Ports for child processes that cannot tell us which one they took.</summary>
public static class FreePort
{
    /// <summary>Distinct TCP ports of 127.0.0.1 that were free a moment ago.</summary>
    public static int[] Take(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Stop();
        return ports;
    }
}
