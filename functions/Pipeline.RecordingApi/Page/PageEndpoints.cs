using Microsoft.Net.Http.Headers;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Shares;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Page;

/// <summary>The page and its files. They say nothing of any recording: the same answer for every id.</summary>
internal static class PageEndpoints
{
    private const string Forever = "public, max-age=31536000, immutable";

    public static void MapPage(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/r/{recordingId}", [HttpMethods.Get, HttpMethods.Head],
            static (HttpContext context, string recordingId, PageAssets assets, StorageClients storage) =>
        {
            PageHeaders.Set(context, storage.Blobs.Uri);
            // What the page loads is named from beside its address. Relative, for there may be more in front of it than we see.
            if (context.Request.Path.Value!.EndsWith('/'))
            {
                context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
                context.Response.Headers.Location = $"../{Uri.EscapeDataString(recordingId)}{context.Request.QueryString}";
                return Task.CompletedTask;
            }
            return SendAsync(context, assets.IndexPage, "no-cache");
        }).ForEverybody().ExcludeFromDescription();
        routes.MapMethods("/r/page/{version}/{**path}", [HttpMethods.Get, HttpMethods.Head],
            static (HttpContext context, string version, string path, PageAssets assets, StorageClients storage) =>
        {
            PageHeaders.Set(context, storage.Blobs.Uri);
            PageAsset? asset = version == assets.Version ? assets.Find(path) : null;
            return asset is null ? Problems.Of(StatusCodes.Status404NotFound, "No such address").ExecuteAsync(context)
                : SendAsync(context, asset, Forever);
        }).ForEverybody().ExcludeFromDescription();
    }

    private static async Task SendAsync(HttpContext context, PageAsset asset, string cacheControl)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = cacheControl;
        response.Headers.ETag = asset.Etag;
        response.Headers.Vary = "Accept-Encoding";
        if (EntityTag.IsKnown(context.Request, asset.Etag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        IList<StringWithQualityHeaderValue> accepted = context.Request.GetTypedHeaders().AcceptEncoding;
        (string? coding, byte[] body) = Takes("br") ? ("br", asset.Brotli) : Takes("gzip") ? ("gzip", asset.Gzip) : (null, asset.Plain);
        if (coding is not null) response.Headers.ContentEncoding = coding;
        response.ContentType = asset.ContentType;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);

        // A quality of 0 refuses it (RFC 9110 §12.5.3).
        bool Takes(string coding) =>
            accepted.Any(one => one.Value.Equals(coding, StringComparison.OrdinalIgnoreCase) && one.Quality is not 0);
    }
}
