using System.Globalization;
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

    /// <param name="hosts">
    /// Of the addresses that are listened on. Where one of them is no loopback address and no setting names one of ours, names are free.
    /// Where only <c>PUBLIC_BASE_URL</c> does, containers and probes still call by a name of their own network or by an address.
    /// </param>
    public static void AddRequestGate(this IServiceCollection services, LocalOptions options, IReadOnlyList<string> hosts)
    {
        string[] own = [.. LoopbackNames, .. hosts.Where(IsOneAddress)]; // It calls itself by one of them.
        bool isOpen = !hosts.All(IsLoopback);
        string[] allowed = options.AllowedHosts is { } named
            ? [.. named.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), .. own]
            : isOpen ? ["*"]
            : options.Api.PublicBaseUrl is { } page ? [page.Host, .. own] : own;
        // Outermost: the framework filters by name in front of the app's own pipeline, by the options that follow.
        string? publicName = isOpen && options.AllowedHosts is null ? options.Api.PublicBaseUrl?.IdnHost : null;
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(provider =>
            new Explanation(publicName, provider.GetRequiredService<ILogger<Explanation>>())));
        services.AddHostFiltering(filter =>
            (filter.AllowedHosts, filter.AllowEmptyHosts, filter.IncludeFailureMessage) = (allowed, false, false));
        // With a key in a header, never with cookies: those are for the recording's own page.
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins(OriginsOf(options)).AllowAnyMethod()
            .WithHeaders("x-functions-key", "content-type", "if-match", "if-none-match", "range")
            .WithExposedHeaders("etag", "location", "retry-after", "www-authenticate", "content-range")));
    }

    public static void UseRequestGate(this IApplicationBuilder app)
    {
        app.Use(static (context, next) =>
        {
            context.Items[typeof(RequestGate)] = true;
            return next(context);
        });
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

    // As a browser says them: the name in letters of DNS, no port that goes without saying, nothing behind it.
    private static string[] OriginsOf(LocalOptions options) =>
        [.. (options.CorsOrigins ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(origin => new Uri(origin)).Select(page =>
                $"{page.Scheme}://{NameOf(page)}{(page.IsDefaultPort ? "" : $":{page.Port.ToString(CultureInfo.InvariantCulture)}")}")];

    // The framework's name of an IPv6 address has no brackets.
    private static string NameOf(Uri page) => page.HostNameType == UriHostNameType.IPv6 ? page.Host : page.IdnHost;

    private static bool IsLoopback(string host) =>
        host is "localhost" or "[::1]" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    // 0.0.0.0 and [::] would be wildcards: the framework lets every name in where one of them is in the list.
    private static bool IsOneAddress(string host) => IPAddress.TryParse(host, out IPAddress? address)
        && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    // No page of the internet has such a name: one without a dot is of a network of containers, and an address is nobody's name.
    private static bool IsNear(string host) => !host.Contains('.', StringComparison.Ordinal) || IPAddress.TryParse(host, out _);

    /// <summary>What is refused for its name would be a blank 400, of which an owner behind a proxy learns nothing.</summary>
    /// <param name="publicName">Where every address is listened on: the one name with a dot that is let in; null for all.</param>
    private sealed class Explanation(string? publicName, ILogger<Explanation> log) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(ExplainAsync);
            next(app);
        };

        private async Task ExplainAsync(HttpContext context, RequestDelegate next)
        {
            if (publicName is not null && context.Request.Host.Host is { } name && !IsNear(name)
                && !name.Equals(publicName, StringComparison.OrdinalIgnoreCase))
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
            else await next(context);
            if (context.Response is not { StatusCode: StatusCodes.Status400BadRequest, HasStarted: false }
                || context.Items.ContainsKey(typeof(RequestGate))) return;
            string host = new([.. (context.Request.Host.Value ?? "").Where(sign => sign is > ' ' and < (char)0x7f).Take(100)]);
            Log.WrongHost(log, host);
            await Results.Problem(statusCode: StatusCodes.Status400BadRequest, title: "This name is not served here", type: "about:blank",
                detail: $"the request is for '{host}': the owner can set PUBLIC_BASE_URL or Functions__AllowedHosts").ExecuteAsync(context);
        }
    }
}
