using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Pipeline.Functions.Pipeline;

/// <summary>
/// Where the recording API is: somebody else's service, or our own in this process over loopback, so that neither a key
/// nor a way through the host is needed.
/// </summary>
public sealed class RecordingApiAddress(FunctionsOptions options, IServer server)
{
    private Uri? own;

    /// <summary>True when the API in this process is the one that is used.</summary>
    public bool IsOwn => options.RecordingApiBaseUrl is null;

    /// <summary>The address of <c>/api/…</c> on the service in use.</summary>
    /// <param name="path">Without a leading slash: <c>recordings/init-live</c>.</param>
    public Uri Resolve(string path)
    {
        string root = (options.RecordingApiBaseUrl ?? Own()).AbsoluteUri.TrimEnd('/');
        return new Uri(root.EndsWith("/api", StringComparison.OrdinalIgnoreCase) ? $"{root}/{path}" : $"{root}/api/{path}");
    }

    /// <summary>This process on loopback, whatever it listens on.</summary>
    /// <exception cref="InvalidOperationException">The server does not listen yet.</exception>
    public Uri Own()
    {
        if (own is not null) return own;
        string address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(text => text.StartsWith("http://", StringComparison.Ordinal))
            ?? throw new InvalidOperationException("the server does not listen on plain HTTP yet");
        string port = address[(address.LastIndexOf(':') + 1)..].TrimEnd('/');
        string host = address.Contains("//[::1]", StringComparison.Ordinal) ? "[::1]" : "127.0.0.1";
        return own = new Uri($"http://{host}:{port}");
    }
}
