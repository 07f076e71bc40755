using System.Net.Sockets;

namespace Pipeline.Delivery.ApiClient;

/// <summary>
/// Makes a connection that the peer resets in the moment it is made the same fault as any other that does not come about:
/// HttpClient lets that one out as a bare <see cref="SocketException"/>, which no retry and no circuit would count.
/// </summary>
internal sealed class ConnectionResets(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException reset)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "the connection was reset", reset);
        }
    }
}
