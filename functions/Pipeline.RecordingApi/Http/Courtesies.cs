using Microsoft.Net.Http.Headers;

namespace Pipeline.RecordingApi.Http;

/// <summary>
/// What every HTTP client may expect: HEAD wherever there is GET, a challenge with each 401, and the address of what PUT has made.
/// </summary>
public sealed class Courtesies(RequestDelegate next)
{
    /// <summary>Answers 401 names it: a key in a header, which no scheme of the registry describes.</summary>
    public const string Challenge = "ApiKey realm=\"recordings\", header=\"x-functions-key\"";

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(static state =>
        {
            HttpContext answered = (HttpContext)state;
            HttpResponse response = answered.Response;
            // What is sent packed to those who take it says so in every form, the short one too.
            if (response.Headers.ETag.Count > 0 && response.Headers.Vary.Count == 0) response.Headers.Vary = HeaderNames.AcceptEncoding;
            if (response.StatusCode == StatusCodes.Status401Unauthorized && response.Headers.WWWAuthenticate.Count == 0)
                response.Headers.WWWAuthenticate = Challenge;
            // What PUT has made lies where it was put.
            if (response.StatusCode == StatusCodes.Status201Created && HttpMethods.IsPut(answered.Request.Method))
                response.Headers.Location = answered.Request.Path.ToUriComponent();
            return Task.CompletedTask;
        }, context);
        // The page sees to its own. The server leaves the body of an answer to HEAD away, and keeps its length.
        if (HttpMethods.IsHead(context.Request.Method) && context.Request.Path.StartsWithSegments("/api"))
        {
            context.Items[typeof(Courtesies)] = HttpMethods.Head;
            context.Request.Method = HttpMethods.Get;
            // RFC 9110 §14.2: of another method than GET it is passed over.
            context.Request.Headers.Remove(HeaderNames.Range);
        }
        await next(context);
    }

    /// <summary>The caller wants to know what GET would answer, and nothing to be done for it (RFC 9110 §9.2.1).</summary>
    internal static bool IsHead(HttpContext context) => context.Items.ContainsKey(typeof(Courtesies));
}

/// <summary>Metadata of a route: its answers are small and the same until something changes.</summary>
internal sealed class TaggedAnswer;

/// <summary>Gives the answers of such routes an ETag, and 304 to those who have them.</summary>
public sealed class EntityTags(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || context.GetEndpoint()?.Metadata.GetMetadata<TaggedAnswer>() is null)
        {
            await next(context);
            return;
        }
        Stream body = context.Response.Body;
        using MemoryStream held = new();
        context.Response.Body = held;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }
        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
            held.TryGetBuffer(out ArraySegment<byte> bytes);
            // Weak: the same answer comes packed and as it is.
            string tag = EntityTag.WeakOf(bytes);
            context.Response.Headers[HeaderNames.ETag] = tag;
            if (context.Response.Headers.CacheControl.Count == 0) context.Response.Headers.CacheControl = "private, no-cache";
            if (EntityTag.IsKnown(context.Request, tag))
            {
                (context.Response.StatusCode, context.Response.ContentType) = (StatusCodes.Status304NotModified, null);
                context.Response.ContentLength = null;
                return;
            }
        }
        held.Position = 0;
        await held.CopyToAsync(body, context.RequestAborted);
    }
}
