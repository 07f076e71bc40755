using System.Net;

namespace Pipeline.Bot.ServerSettings;

/// <summary>The HTTP client for the recording API.</summary>
internal static class RecordingApiHttp
{
    /// <summary>A day's recording has about 100,000 segments of 200 bytes in its answer.</summary>
    public const int LongestAnswer = 64 * 1024 * 1024;

    /// <summary>
    /// One for the life of the process. No redirect is followed, because the key would go with it, and a longer answer than
    /// <see cref="LongestAnswer"/> is refused. Its user sets the time limits.
    /// </summary>
    public static HttpClient Create()
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LongestAnswer };
    }
}
