using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;

namespace Pipeline.Functions.Local;

/// <summary>How a process reaches its own server.</summary>
internal static class LoopbackAddress
{
    /// <summary>This server: at the address that it listens on, or on loopback where it listens on all of them.</summary>
    /// <exception cref="InvalidOperationException">The server does not listen yet.</exception>
    public static Uri Of(IServer server)
    {
        string address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(text =>
            text.StartsWith("http://", StringComparison.Ordinal))
            ?? throw new InvalidOperationException("the server does not listen on plain HTTP yet");
        BindingAddress bound = BindingAddress.Parse(address);
        // A name that is no address is listened to everywhere.
        bool isOne = IPAddress.TryParse(bound.Host, out IPAddress? own) && !own.Equals(IPAddress.Any) && !own.Equals(IPAddress.IPv6Any);
        return new UriBuilder(Uri.UriSchemeHttp, isOne ? own!.ToString() : "127.0.0.1", bound.Port).Uri;
    }
}
