using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Pipeline.Discord.Rest;

/// <summary>The HTTP client for Discord's REST API.</summary>
public static class DiscordHttp
{
    /// <summary>The channels, roles and commands of the largest servers are below 1 MB.</summary>
    public const int LongestAnswer = 16 * 1024 * 1024;

    /// <summary>
    /// One for the life of the process: connections are renewed so that a changed address is noticed. No redirect is followed, because the
    /// token would go with it, and a longer answer than <see cref="LongestAnswer"/> is refused. Its user sets the time limits.
    /// </summary>
    /// <param name="extraRoots">Trusted besides the system's authorities.</param>
    public static HttpClient Create(X509Certificate2Collection extraRoots)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = { RemoteCertificateValidationCallback = ExtraRoots.Check(extraRoots) },
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LongestAnswer };
    }
}
