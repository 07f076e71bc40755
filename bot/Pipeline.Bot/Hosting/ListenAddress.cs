using System.Net;

namespace Pipeline.Bot.Hosting;

/// <summary>Addresses that this process answers at, as <see cref="HttpListener"/> wants them.</summary>
internal static class ListenAddress
{
    /// <summary>The listener compares host names; a probe that comes to any address of this machine says whatever it likes.</summary>
    public static string Host(Uri endpoint) => endpoint.Host is "0.0.0.0" or "[::]" ? "+" : endpoint.Host;

    /// <summary>Starts to listen.</summary>
    /// <param name="setting">What the address was set with.</param>
    /// <exception cref="IOException">The address is taken or not ours.</exception>
    public static void Open(HttpListener listener, string setting, Uri endpoint)
    {
        listener.Prefixes.Add($"http://{Host(endpoint)}:{endpoint.Port}/");
        try
        {
            listener.Start();
        }
        catch (HttpListenerException taken)
        {
            throw new IOException($"{setting}: '{endpoint}' cannot be listened on: {taken.Message}", taken);
        }
    }
}
