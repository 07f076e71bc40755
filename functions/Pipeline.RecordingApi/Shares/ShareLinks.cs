using System.Security.Cryptography;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Shares;

/// <summary>Makes links, lists them without their secrets, and ends them.</summary>
public sealed class ShareLinks(ShareTable table, CatalogueTable catalogue, ApiOptions options, TimeProvider time)
{
    private const int MostLinks = 200;
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3650);

    public async Task<IResult> CreateAsync(HttpContext context, string recordingId)
    {
        (ShareRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.ShareRequest, JsonBody.Limit);
        if (request is null) return fault!;
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset expiresAt = request.ExpiresAt?.ToUniversalTime() ?? now + options.ShareLinkLife;
        FieldErrors errors = new();
        if (!ShareScopeWords.TryParse(request.Scopes ?? ["listen", "download"], out ShareScopes scopes))
            errors.Add("scopes", "must be one or more of listen, download, delete");
        if (expiresAt <= now || expiresAt > now + LongestLife) errors.Add("expiresAt", "must lie ahead, within ten years");
        if (errors.Any) return errors.ToProblem();
        if (await FindAsync(recordingId, context.RequestAborted) is not { } id) return Problems.UnknownRecording();
        if ((await table.ListAsync(id, context.RequestAborted)).Count(link => link.IsOpenAt(now)) >= MostLinks)
        {
            return Problems.Of(StatusCodes.Status409Conflict, "Too many links",
                $"a recording has at most {MostLinks} at a time; end some first");
        }
        ShareSecret secret = ShareSecret.Create();
        ShareLink fresh = new(id, secret.ShareId, secret.Hash, SHA256.HashData(secret.Token), scopes, now, expiresAt, null);
        await table.AddAsync(fresh, context.RequestAborted);
        context.Response.Headers.Location = $"/api/recordings/{id}/shares/{fresh.ShareId}";
        return Results.Json(Show(fresh) with { Url = Url(context, id, secret) }, WireJsonContext.Default.ShareDetails,
            statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext context, string recordingId)
    {
        if (await FindAsync(recordingId, context.RequestAborted) is not { } id) return Problems.UnknownRecording();
        List<ShareLink> links = await table.ListAsync(id, context.RequestAborted);
        return Results.Json(new ShareList { Shares = [.. links.Select(Show)] }, WireJsonContext.Default.ShareList);
    }

    public async Task<IResult> RevokeAsync(HttpContext context, string recordingId, string shareId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        ShareLink? link = ShareSessions.IsShareId(shareId) ? await table.FindAsync(id.ToString(), shareId, context.RequestAborted) : null;
        if (link is null) return Problems.Of(StatusCodes.Status404NotFound, "No such link");
        await table.RevokeAsync(link, time.GetUtcNow(), context.RequestAborted);
        return Results.NoContent();
    }

    private async Task<string?> FindAsync(string recordingId, CancellationToken cancellation)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return null;
        return (await catalogue.FindAsync(id.ToString(), cancellation)).Recording is null ? null : id.ToString();
    }

    // The fragment stays in the browser: no log, no referrer and no preview has it.
    private string Url(HttpContext context, string recordingId, ShareSecret secret) =>
        $"{options.RootOf(context.Request)}/r/{recordingId}#k={secret.Text}";

    private static ShareDetails Show(ShareLink link) => new()
    {
        ShareId = link.ShareId,
        Scopes = ShareScopeWords.Of(link.Scopes),
        CreatedAt = link.CreatedAt,
        ExpiresAt = link.ExpiresAt,
        RevokedAt = link.RevokedAt,
    };
}
