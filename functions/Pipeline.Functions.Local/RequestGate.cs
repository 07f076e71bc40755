using System.Net;
using Microsoft.AspNetCore.HostFiltering;

namespace Pipeline.Functions.Local;

/// <summary>
/// Keeps web pages out: a browser on this machine sends what any page tells it to, under the name that the page has given to this
/// address. So callers must call it by a name that it has, and a page of another origin is refused unless a setting names it. The key is
/// asked for after that.
/// </summary>
internal static class RequestGate
{
    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    /// <param name="hosts">Of the addresses that are listened on. Names are free where one of them is no loopback address, unless the
    /// setting names some.</param>
    public static void AddRequestGate(this IServiceCollection services, LocalOptions options, IReadOnlyList<string> hosts)
    {
        string[] allowed = options.AllowedHosts is { } named
            ? [.. named.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), .. LoopbackNames]
            : !hosts.All(IsLoopback) ? ["*"]
            : options.Api.PublicBaseUrl is { } page ? [page.Host, .. LoopbackNames] : LoopbackNames;
        services.AddHostFiltering(filter =>
            (filter.AllowedHosts, filter.AllowEmptyHosts, filter.IncludeFailureMessage) = (allowed, false, false));
        // With a key in a header, never with cookies: those are for the recording's own page.
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins(OriginsOf(options)).AllowAnyMethod()
            .WithHeaders("x-functions-key", "content-type", "if-match", "if-none-match", "range")
            .WithExposedHeaders("etag", "location", "retry-after", "www-authenticate", "content-range")));
    }

    public static void UseRequestGate(this IApplicationBuilder app)
    {
        app.UseHostFiltering();
        app.UseCors();
        string[] welcome = OriginsOf(app.ApplicationServices.GetRequiredService<LocalOptions>());
        app.Use((context, next) =>
        {
            string origin = context.Request.Headers.Origin.ToString();
            if (IsOwnOrigin(context.Request) || welcome.Contains(origin, StringComparer.OrdinalIgnoreCase)) return next(context);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });
    }

    private static bool IsOwnOrigin(HttpRequest request)
    {
        if (request.Headers.Origin is not [{ Length: > 0 } origin])
            return request.Headers["Sec-Fetch-Site"] != "cross-site" || HttpMethods.IsGet(request.Method);
        return Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && new HostString(page.Authority).Equals(request.Host);
    }

    private static string[] OriginsOf(LocalOptions options) =>
        options.CorsOrigins?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static bool IsLoopback(string host) =>
        host is "localhost" or "[::1]" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
}
