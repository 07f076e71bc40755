using Azure;
using Azure.Storage.Blobs.Models;

namespace Pipeline.Storage;

/// <summary>
/// Lets pages of another origin read blobs by their links: a rule of the blob service (CORS). In Azure the templates set it; an emulator
/// and an account with a key get it from here.
/// </summary>
public sealed class BlobCors(StorageClients clients)
{
    /// <summary>Any origin: who has no link reads nothing anyway, and no cookie goes along.</summary>
    public const string AnyOrigin = "*";

    // The service takes five rules.
    private const int MostRules = 5;
    private const int CacheSeconds = 3600;

    private volatile bool isKnown, isThere, isFull;

    /// <summary>True where the service has as many rules as it takes, and none for our page: somebody has to remove one.</summary>
    public bool IsFull => isFull;

    /// <summary>Returns at once after the first answer. A right that is missing is no fault: the templates see to it.</summary>
    /// <param name="origin">Scheme, host and port of the page, or <see cref="AnyOrigin"/>.</param>
    /// <returns>False where the rule is not there and may not be set.</returns>
    /// <exception cref="RequestFailedException">The storage is away.</exception>
    public async ValueTask<bool> EnsureAsync(string origin, CancellationToken cancellation)
    {
        if (isKnown) return isThere;
        try
        {
            BlobServiceProperties properties = await clients.Blobs.GetPropertiesAsync(cancellation);
            properties.Cors ??= [];
            isThere = properties.Cors.Any(rule => Covers(rule, origin));
            isFull = !isThere && properties.Cors.Count >= MostRules;
            if (!isThere && !isFull)
            {
                properties.Cors.Add(Rule(origin));
                await clients.Blobs.SetPropertiesAsync(properties, cancellation);
                isThere = true;
            }
        }
        catch (RequestFailedException refused) when (refused.Status is 401 or 403)
        {
            isThere = false;
        }
        isKnown = true;
        return isThere;
    }

    private static bool Covers(BlobCorsRule rule, string origin) =>
        (rule.AllowedOrigins == AnyOrigin || rule.AllowedOrigins.Split(',').Contains(origin, StringComparer.OrdinalIgnoreCase))
            && rule.AllowedMethods.Contains("GET", StringComparison.Ordinal);

    private static BlobCorsRule Rule(string origin) => new()
    {
        AllowedOrigins = origin,
        AllowedMethods = "GET,HEAD",
        AllowedHeaders = "range",
        ExposedHeaders = "Content-Range,Content-Length,ETag",
        MaxAgeInSeconds = CacheSeconds,
    };
}
