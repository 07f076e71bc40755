using System.Net;
using System.Net.Sockets;

namespace Pipeline.TestKit;

/// <summary>Ports for child processes that cannot tell us which one they took.</summary>
public static class FreePort
{
    // Below 32768, where Linux begins to give out ports for port 0 and for outgoing connections: a port from there is taken
    // again by somebody else between our look and the child's start. Chosen at random, so that test programs that run side by
    // side do not meet.
    private const int First = 12_000, Last = 32_000;
    private static readonly HashSet<int> Given = [];

    /// <summary>Distinct TCP ports of 127.0.0.1 that were free a moment ago and that this process has not given out before.</summary>
    public static int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    private static int Next()
    {
        LoopLimit limit = new("a port is free");
        while (true)
        {
            limit.Turn();
            int port = Random.Shared.Next(First, Last);
            lock (Given)
            {
                if (!Given.Add(port)) continue;
            }

            try
            {
                using TcpListener listener = new(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                continue; // Somebody has it; another one.
            }
        }
    }
}
