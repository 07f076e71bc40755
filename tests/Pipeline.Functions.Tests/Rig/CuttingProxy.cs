using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>
/// Stands between two on loopback, and at one request of a count plays a crash: it calls the test, which ends the sender, and the
/// connection is cut, before the request has reached the other side or after it was answered there.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Uri target;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private int left = int.MaxValue;
    private bool isAfter;
    private Action cut = () => { };

    private CuttingProxy(WebApplication app, Uri target) => (this.app, this.target) = (app, target);

    public Uri Address => new(app.Urls.First());

    /// <summary>Requests that have come, as method, path and the storage's comp.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>POST requests that have come, as path and query, with their bodies.</summary>
    public List<(string Target, string Body)> Posts { get; } = [];

    public static async Task<CuttingProxy> StartAsync(Uri target)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        CuttingProxy proxy = new(app, target);
        app.Run(proxy.PassAsync);
        await app.StartAsync();
        return proxy;
    }

    /// <summary>Cuts at a request from now on, counted from 1.</summary>
    /// <param name="onCut">Ends the sender.</param>
    public void CutAt(int request, bool after, Action onCut) => (cut, isAfter, left) = (onCut, after, request);

    /// <summary>Lets everything through again.</summary>
    /// <returns>True where the cut has happened.</returns>
    public bool Heal() => Interlocked.Exchange(ref left, int.MaxValue) <= 0;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    private static string Operation(HttpRequest request) => request.Query["comp"] is [{ } comp] ? $"?comp={comp}" : "";

    private async Task NoteAsync(HttpRequest request)
    {
        request.EnableBuffering();
        using StreamReader reader = new(request.Body, leaveOpen: true);
        string body = await reader.ReadToEndAsync();
        request.Body.Position = 0;
        lock (Posts) Posts.Add(($"{request.Path}{request.QueryString}", body));
    }

    private async Task PassAsync(HttpContext context)
    {
        lock (Requests) Requests.Add($"{context.Request.Method} {context.Request.Path}{Operation(context.Request)}");
        if (HttpMethods.IsPost(context.Request.Method)) await NoteAsync(context.Request);
        bool isCut = Interlocked.Decrement(ref left) == 0;
        if (isCut && !isAfter)
        {
            cut();
            context.Abort();
            return;
        }
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method),
            new Uri(target, context.Request.Path.ToUriComponent() + context.Request.QueryString));
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(context.Request.Body);
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
        {
            if (name is "Host" or "Transfer-Encoding" or "Connection" or "Expect") continue;
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
        if (isCut)
        {
            cut();
            context.Abort();
            return;
        }
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (HttpHeaders headers in new HttpHeaders[] { answer.Headers, answer.Content.Headers })
        {
            foreach ((string name, IEnumerable<string> values) in headers)
            {
                if (name is not ("Transfer-Encoding" or "Connection" or "Content-Length"))
                    context.Response.Headers[name] = values.ToArray();
            }
        }
        if (HttpMethods.IsHead(context.Request.Method)) context.Response.ContentLength = answer.Content.Headers.ContentLength;
        else if (context.Response.StatusCode is not (204 or 304)) await context.Response.Body.WriteAsync(body);
    }
}
