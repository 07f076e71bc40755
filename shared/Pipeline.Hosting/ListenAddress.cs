using System.Net;
using System.Net.Sockets;

namespace Pipeline.Hosting;

/// <summary>Addresses that this process answers at.</summary>
public static class ListenAddress
{
    /// <summary>The exporter of metrics compares host names; who comes to any address of this machine says whatever it likes.</summary>
    public static string Host(Uri endpoint) => endpoint.Host is "0.0.0.0" or "[::]" ? "+" : endpoint.Host;

    /// <summary>Starts to listen; the caller disposes.</summary>
    /// <param name="setting">What the address was set with.</param>
    /// <exception cref="AddressUnavailableException">The address is taken or not ours.</exception>
    public static TcpListener Open(string setting, Uri endpoint)
    {
        try
        {
            TcpListener listener = new(AddressOf(endpoint), endpoint.Port);
            if (listener.LocalEndpoint is IPEndPoint { Address: var any } && any.Equals(IPAddress.IPv6Any)) listener.Server.DualMode = true;
            listener.Start();
            return listener;
        }
        catch (SocketException taken)
        {
            // The socket's failure does not go with it: what is said of a broken connection would take this line's place.
            throw new AddressUnavailableException(
                $"{setting}: '{endpoint.OriginalString}' cannot be listened on: {Why(taken.SocketErrorCode)}");
        }
    }

    private static string Why(SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => "another program listens there; end it, or choose another port",
        SocketError.AddressNotAvailable => "this machine has no such address; choose one of its own, or 0.0.0.0 for all of them",
        SocketError.AccessDenied => "this user may not take such a port; choose one from 1024 on",
        _ => $"the system refuses it ({error})",
    };

    // Clients that look up localhost try the IPv4 address too.
    private static IPAddress AddressOf(Uri endpoint) => endpoint.IdnHost switch
    {
        "localhost" => IPAddress.Loopback,
        var host when IPAddress.TryParse(host, out IPAddress? address) => address,
        var host => Dns.GetHostAddresses(host)[0],
    };
}

/// <summary>An address is taken or not ours; the text says with which setting it was asked for, why, and what to do.</summary>
public sealed class AddressUnavailableException(string message) : IOException(message);
