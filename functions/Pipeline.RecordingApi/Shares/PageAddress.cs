using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Shares;

/// <summary>
/// The page's own way to the API, below its own address: <c>{page}/api/…</c> is <c>/api/recordings/{id}/…</c>, for a link's cookie
/// only. So a host in front that asks for a key everywhere else lets this one address pass, and a page's cookie goes nowhere else.
/// </summary>
public sealed class PageAddress(RequestDelegate next)
{
    private const string Prefix = "/r/";
    private const int IdLength = 36;

    public Task InvokeAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        if (!path.StartsWith(Prefix, StringComparison.Ordinal) || path.Length < Prefix.Length + IdLength + 4) return next(context);
        string page = path[..(Prefix.Length + IdLength)], rest = path[page.Length..];
        if (RecordingId.TryParse(page[Prefix.Length..], out RecordingId id)
            && (rest == "/api" || rest.StartsWith("/api/", StringComparison.Ordinal)))
        {
            context.Items[typeof(PageAddress)] = page;
            // Made by hand: a string that turns into a path is decoded once more, and names may look as if they were not yet.
            context.Request.Path = new PathString($"/api/recordings/{id}{rest["/api".Length..]}");
        }
        return next(context);
    }

    /// <summary>
    /// Holds a request to what a link's cookie allows, whatever its address turns out to be: nobody in front has asked for a key.
    /// </summary>
    public static void Visit(HttpContext context) => context.Items[typeof(Visits)] = true;

    internal static bool IsVisit(HttpContext context) => context.Items.ContainsKey(typeof(Visits)) || Of(context) is not null;

    /// <summary>The page's path for a request that came this way; null for any other.</summary>
    internal static string? Of(HttpContext context) => context.Items[typeof(PageAddress)] as string;

    private static class Visits;
}
