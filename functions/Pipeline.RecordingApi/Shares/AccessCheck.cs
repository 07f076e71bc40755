using System.Security.Cryptography;
using System.Text;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Shares;

/// <summary>
/// Lets a request in by the key (header <c>x-functions-key</c> or query <c>code</c>, as the Functions host names them) or, where the route
/// says so, by the cookie of a share link. A bot's and a reader's key open the routes that name them. Without a key set, everybody who
/// reaches this process is its owner, unless a cookie says less.
/// </summary>
public sealed class AccessCheck(RequestDelegate next, ApiOptions options, ShareSessions sessions)
{
    /// <summary>The page's own requests carry it: no other site can send it without asking first.</summary>
    public const string PageHeader = "x-pipeline-page";

    private readonly byte[]? key = Hash(options.Key);
    private readonly (KeyHolders Holder, byte[] Hash)[] lesser =
        [.. new[] { (KeyHolders.Bot, Hash(options.BotKey)), (KeyHolders.Reader, Hash(options.ReadKey)) }
            .Where(held => held.Item2 is not null).Select(held => (held.Item1, held.Item2!))];

    public async Task InvokeAsync(HttpContext context)
    {
        Endpoint? endpoint = context.GetEndpoint();
        RouteAccess? access = endpoint?.Metadata.GetMetadata<RouteAccess>();
        // The page's own way takes no key: who shows one there is a visitor like any other.
        bool isPage = PageAddress.IsVisit(context);
        // One by one: a host in front has looked at the first, and takes the request for that key's.
        string?[] given = isPage ? [] : [.. context.Request.Headers["x-functions-key"], .. context.Request.Query["code"]];
        KeyHolders holder = lesser.Where(held => given.Any(word => IsRight(word, held.Hash))).Aggregate(KeyHolders.None,
            (all, held) => all | held.Holder);
        bool isOwner = given.Any(word => IsRight(word, key));
        if (access is not { Scopes: ShareScopes.None } && !isOwner && holder != KeyHolders.None)
        {
            // Also where a host in front has let it in: that one only knows that it is a key.
            KeyHolders allowed = endpoint?.Metadata.GetMetadata<KeyAccess>()?.Holders ?? KeyHolders.None;
            await (endpoint is null || (allowed & holder) > 0 ? next(context)
                : Problems.Of(StatusCodes.Status403Forbidden, "This key does not allow that", Takes(allowed)).ExecuteAsync(context));
            return;
        }
        if (access is { Scopes: ShareScopes.None } || isOwner
            || (key is null && !isPage && !context.Request.Cookies.ContainsKey(ShareSessions.CookieName)))
        {
            await next(context);
            return;
        }
        await (await RefuseAsync(context, access) is { } refusal ? refusal.ExecuteAsync(context) : next(context));
    }

    /// <summary>What a share link allows this request; null for the owner of the key, who may do everything.</summary>
    internal static ShareScopes? ScopesOf(HttpContext context) => context.Items[typeof(ShareScopes)] as ShareScopes?;

    private static string Takes(KeyHolders allowed) => allowed switch
    {
        KeyHolders.Bot => "it takes the administrator's key or the bot's (Functions__BotKey)",
        KeyHolders.Reader => "it takes the administrator's key or a reader's (Functions__ReadKey)",
        _ => "it takes the administrator's key",
    };

    private async Task<IResult?> RefuseAsync(HttpContext context, RouteAccess? access)
    {
        string? recordingId = context.GetRouteValue("recordingId") as string;
        if (access is null || recordingId is null)
            return Problems.Of(StatusCodes.Status401Unauthorized, "The key is missing or wrong", "send it as x-functions-key or ?code=");
        ShareScopes scopes = await sessions.ScopesAsync(context, recordingId);
        if (scopes == ShareScopes.None) return ShareSessions.Refused();
        if ((scopes & access.Scopes) == 0) return Problems.Of(StatusCodes.Status403Forbidden, "This link does not allow that");
        if (!IsSafe(context.Request.Method) && !IsOwnPage(context.Request))
            return Problems.Of(StatusCodes.Status403Forbidden, "Only the recording's own page may ask for that");
        context.Items[typeof(ShareScopes)] = scopes;
        context.Response.Headers.CacheControl = "private, no-cache";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return null;
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    private static bool IsOwnPage(HttpRequest request) =>
        request.Headers.ContainsKey(PageHeader) && request.Headers["Sec-Fetch-Site"].ToString() is ("" or "same-origin");

    private static byte[]? Hash(string? word) => word is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(word));

    private static bool IsRight(string? given, byte[]? hash) => hash is not null && given is { Length: > 0 }
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), hash);
}
