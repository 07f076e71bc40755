using Microsoft.AspNetCore.Http.Features;

namespace Pipeline.RecordingApi.Http;

/// <summary>Bounds a request's body before the first byte of it is read.</summary>
internal static class BodyLimit
{
    public static void Set(HttpContext context, long length)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = length;
    }
}
