using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Pipeline.Functions.Local;

/// <summary>How a process reaches its own server.</summary>
internal static class LoopbackAddress
{
    /// <summary>This server on loopback, whatever it listens on.</summary>
    /// <exception cref="InvalidOperationException">The server does not listen yet.</exception>
    public static Uri Of(IServer server)
    {
        string address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(text =>
            text.StartsWith("http://", StringComparison.Ordinal))
            ?? throw new InvalidOperationException("the server does not listen on plain HTTP yet");
        string port = address[(address.LastIndexOf(':') + 1)..].TrimEnd('/');
        string host = address.Contains("//[::1]", StringComparison.Ordinal) ? "[::1]" : "127.0.0.1";
        return new Uri($"http://{host}:{port}");
    }
}
