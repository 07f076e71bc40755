using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pipeline.AppHost;

/// <summary>
/// Where the development loop keeps its data, and the ports that it listens at. With the simulator both are new at each start. What was
/// recorded from the real Discord lies in a folder of its own and stays, and so do the ports: recordings and links are found by them.
/// </summary>
internal sealed class DevelopmentData
{
    private const int Count = 5;

    private DevelopmentData(string folder, int[] ports) => (Folder, Ports) = (folder, ports);

    public string Folder { get; }

    /// <summary>On 127.0.0.1: blobs, queues, tables, functions, the simulated Discord.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <param name="root">The folder that holds all data, <c>data</c> of the repository.</param>
    /// <param name="isReal">The real Discord is recorded.</param>
    /// <exception cref="InvalidOperationException">The ports that were kept cannot be read.</exception>
    public static DevelopmentData Open(string root, bool isReal)
    {
        string folder = Path.Combine(root, isReal ? "development-discord" : "development");
        if (!isReal && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        return new DevelopmentData(folder, isReal ? KeptPorts(Path.Combine(folder, "ports")) : FreePorts());
    }

    /// <summary>Two that run at once would write into the same files.</summary>
    /// <exception cref="InvalidOperationException">Somebody listens at one of the ports.</exception>
    public void RequireFreePorts()
    {
        foreach (int port in Ports)
        {
            try
            {
                using TcpListener listener = new(IPAddress.Loopback, port);
                listener.Start();
            }
            catch (SocketException)
            {
                throw new InvalidOperationException(
                    $"Port {port}, which what lies in {Folder} is found by, is taken: end what listens there, perhaps another AppHost");
            }
        }
    }

    private static int[] KeptPorts(string file)
    {
        if (!File.Exists(file))
        {
            File.WriteAllText(file + ".new", string.Join(' ', FreePorts()));
            File.Move(file + ".new", file);
        }
        string text = File.ReadAllText(file);
        int[] ports = [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : 0)];
        return ports.Length == Count && ports.All(port => port is > 0 and <= ushort.MaxValue) ? ports
            : throw new InvalidOperationException($"{file} reads '{text}', expected {Count} ports: put it back, recordings are found by them");
    }

    private static int[] FreePorts()
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, Count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] free = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return free;
    }
}
