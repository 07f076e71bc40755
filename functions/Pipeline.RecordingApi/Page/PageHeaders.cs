namespace Pipeline.RecordingApi.Page;

/// <summary>
/// What a browser may do with the page. Nothing is loaded from elsewhere but sound and files, which come from the storage itself; no other
/// page may frame it, and no search engine keeps it.
/// </summary>
internal static class PageHeaders
{
    /// <param name="storage">Where sound and files come from.</param>
    public static void Set(HttpContext context, Uri storage)
    {
        string blobs = storage.GetLeftPart(UriPartial.Authority);
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {blobs}; media-src "
                + $"'self' {blobs}; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Robots-Tag"] = "noindex, nofollow";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
    }
}
