using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Shares;

/// <summary>
/// Exchanges a link's secret for a cookie, and judges cookies. Nothing of it lives in this process: the cookie names its link, and the
/// link's row is read for every request, so that an end holds at once and on every instance.
/// </summary>
public sealed class ShareSessions(ShareTable table, WrongLinks wrong, TimeProvider time)
{
    public const string CookieName = "pipeline-session";

    // Whether there was no row, a wrong hash, or one that is over: the answer takes as long.
    private static readonly TimeSpan Refusal = TimeSpan.FromMilliseconds(300);

    public async Task<IResult> OpenAsync(HttpContext context, string recordingId)
    {
        long start = time.GetTimestamp();
        (SessionRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, SharesJsonContext.Default.SessionRequest,
            JsonBody.Limit);
        if (request is null) return fault!;
        string address = ClientAddress.Of(context);
        WrongLinks.Place place = await wrong.TakeAsync(address, context.RequestAborted);
        if (place.Wait is { } wait) return TooMany(context, wait);
        bool isWrong = false;
        try
        {
            if (await FindAsync(recordingId, request.Key, context.RequestAborted) is { } link)
            {
                SetCookie(context, link, ShareSecret.TryParse(request.Key, out ShareSecret? secret) ? secret.Token : []);
                return Results.NoContent();
            }
            isWrong = true;
        }
        finally
        {
            wrong.GiveBack(place, isWrong);
        }
        TimeSpan left = Refusal - time.GetElapsedTime(start);
        if (left > TimeSpan.Zero) await Task.Delay(left, time, context.RequestAborted);
        return Refused();
    }

    /// <summary>What the request's cookie allows for this recording; none without a good one.</summary>
    public async Task<ShareScopes> ScopesAsync(HttpContext context, string recordingId)
    {
        if (context.Request.Cookies[CookieName] is not { Length: < 128 } cookie || !RecordingId.TryParse(recordingId, out RecordingId id))
            return ShareScopes.None;
        string[] parts = cookie.Split('.');
        if (parts.Length != 2 || !IsShareId(parts[0]) || !Base64Url.IsValid(parts[1])) return ShareScopes.None;
        ShareLink? link = await table.FindAsync(id.ToString(), parts[0], context.RequestAborted);
        byte[] hash = SHA256.HashData(Base64Url.DecodeFromChars(parts[1]));
        return link is not null && CryptographicOperations.FixedTimeEquals(hash, link.TokenHash) && link.IsOpenAt(time.GetUtcNow())
            ? link.Scopes : ShareScopes.None;
    }

    internal static bool IsShareId(string text) => text.Length == 16 && text.All(char.IsAsciiHexDigitLower);

    internal static IResult Refused() =>
        Problems.Of(StatusCodes.Status401Unauthorized, "This link opens nothing", "it is wrong, over or withdrawn; ask for a new one");

    private async Task<ShareLink?> FindAsync(string recordingId, string? key, CancellationToken cancellation)
    {
        bool isSecret = ShareSecret.TryParse(key, out ShareSecret? secret);
        // A key that cannot be right is looked up like one that could.
        secret ??= ShareSecret.Create();
        string partition = RecordingId.TryParse(recordingId, out RecordingId id) ? id.ToString() : Guid.Empty.ToString();
        ShareLink? link = await table.FindAsync(partition, secret.ShareId, cancellation);
        bool isRight = CryptographicOperations.FixedTimeEquals(secret.Hash, link?.SecretHash ?? new byte[SHA256.HashSizeInBytes]);
        return isSecret && isRight && link is not null && link.IsOpenAt(time.GetUtcNow()) ? link : null;
    }

    // Only this recording's addresses get it, no script reads it, no other site sends it.
    private static void SetCookie(HttpContext context, ShareLink link, byte[] token) =>
        context.Response.Cookies.Append(CookieName, $"{link.ShareId}.{Base64Url.EncodeToString(token)}", new CookieOptions
        {
            HttpOnly = true,
            Secure = !IsLoopback(context.Request.Host.Host),
            SameSite = SameSiteMode.Strict,
            Path = PageAddress.Of(context) ?? $"/api/recordings/{link.RecordingId}",
            Expires = link.ExpiresAt,
        });

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static IResult TooMany(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problems.Of(StatusCodes.Status429TooManyRequests, "Too many wrong links from here", "wait a minute");
    }
}
