using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.Features;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Shares;
using Pipeline.Storage;

namespace Pipeline.Functions.Local;

/// <summary>
/// <c>Functions__ServeStorage</c>: links to sound and files lead here, and what they name is fetched from the storage and passed on, so
/// that people need to reach one address only. A link carries its right as before; without one the storage refuses, and so do we.
/// </summary>
internal sealed class StoragePassage : IDisposable
{
    /// <summary>Where it is below the public address.</summary>
    public const string Root = "/storage";

    private static readonly string[] Conditions = ["If-None-Match", "If-Modified-Since"];
    private static readonly string[] Told = ["ETag", "Last-Modified", "Accept-Ranges", "Cache-Control"];
    private static readonly string[] ToldOfContent = ["Content-Type", "Content-Length", "Content-Range", "Content-Disposition"];

    // Until the headers; the body takes as long as the one who asked.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Uri blobs;
    private readonly TimeProvider time;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public StoragePassage(StorageClients clients, TimeProvider time) =>
        (blobs, this.time) = (new Uri(clients.Blobs.Uri.AbsoluteUri.TrimEnd('/') + "/"), time);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods(Root + "/{container}/{**name}",
        [HttpMethods.Get, HttpMethods.Head], static (HttpContext context, StoragePassage passage) => passage.PassAsync(context))
        .ForEverybody().ExcludeFromDescription();

    public void Dispose() => http.Dispose();

    private async Task PassAsync(HttpContext context)
    {
        if (Target(context) is not { } target)
        {
            await Problem(StatusCodes.Status404NotFound, "No such address").ExecuteAsync(context);
            return;
        }
        try
        {
            bool isPart = HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Range.Count > 0;
            if (isPart) await PassPartAsync(target, context);
            else await PassAsync(target, new HttpMethod(context.Request.Method), null, context);
        }
        catch (HttpRequestException) when (!context.Response.HasStarted)
        {
            await RefuseAsync(StatusCodes.Status503ServiceUnavailable, "The storage does not answer", context);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            await RefuseAsync(StatusCodes.Status504GatewayTimeout, "The storage does not answer in time", context);
        }
    }

    // The blob's length and version are asked for first: no storage knows If-Range, and not every one the last n bytes.
    private async Task PassPartAsync(Uri target, HttpContext context)
    {
        ByteRange? range;
        using (HttpResponseMessage known = await SendAsync(target, HttpMethod.Head, null, context))
        {
            if (known.StatusCode != HttpStatusCode.OK)
            {
                await PassAsync(known, context);
                return;
            }
            long length = known.Content.Headers.ContentLength ?? 0;
            range = ByteRange.Of(context.Request.Headers, length, known.Headers.ETag, out bool isBeyond);
            if (isBeyond)
            {
                context.Response.Headers.ContentRange = new ContentRangeHeaderValue(length).ToString();
                await Problem(StatusCodes.Status416RangeNotSatisfiable, "The range is outside of the file").ExecuteAsync(context);
                return;
            }
        }
        await PassAsync(target, HttpMethod.Get, range, context);
    }

    private async Task PassAsync(Uri target, HttpMethod method, ByteRange? range, HttpContext context)
    {
        using HttpResponseMessage answer = await SendAsync(target, method, range, context);
        await PassAsync(answer, context);
    }

    private async Task<HttpResponseMessage> SendAsync(Uri target, HttpMethod method, ByteRange? range, HttpContext context)
    {
        using HttpRequestMessage request = new(method, target);
        foreach (string name in Conditions)
        {
            if (context.Request.Headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues value))
                request.Headers.TryAddWithoutValidation(name, value.ToArray());
        }
        if (range is { } part) request.Headers.Range = new RangeHeaderValue(part.First, part.Last);
        using CancellationTokenSource late = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
    }

    private static async Task PassAsync(HttpResponseMessage answer, HttpContext context)
    {
        HttpResponse response = context.Response;
        // A redirect is not followed, nor passed on: where it leads is not the storage that we know.
        if (answer.StatusCode >= HttpStatusCode.InternalServerError
            || (int)answer.StatusCode is >= 300 and < 400 and not StatusCodes.Status304NotModified)
        {
            await Problem(StatusCodes.Status503ServiceUnavailable, "The storage is away").ExecuteAsync(context);
            return;
        }
        if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.NotModified)
        {
            // The service's own text names the account and what was signed.
            await Problem((int)answer.StatusCode, "The link does not open this, or no longer").ExecuteAsync(context);
            return;
        }
        response.StatusCode = (int)answer.StatusCode;
        Copy(answer.Headers, Told, response);
        Copy(answer.Content.Headers, ToldOfContent, response);
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox";
        if (answer.StatusCode == HttpStatusCode.NotModified || HttpMethods.IsHead(context.Request.Method)) return;
        await answer.Content.CopyToAsync(response.Body, context.RequestAborted);
    }

    // What was said of a file that broke off before its first byte goes too.
    private static Task RefuseAsync(int status, string title, HttpContext context)
    {
        context.Response.Clear();
        return Problem(status, title).ExecuteAsync(context);
    }

    private static IResult Problem(int status, string title) => Results.Problem(statusCode: status, title: title);

    private static void Copy(HttpHeaders from, string[] names, HttpResponse response)
    {
        foreach (string name in names)
        {
            if (from.TryGetValues(name, out IEnumerable<string>? values)) response.Headers[name] = values.ToArray();
        }
    }

    // As it came, because names are signed as they are written; then held to the two containers that links lead to.
    private Uri? Target(HttpContext context)
    {
        string raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!raw.StartsWith(Root + "/", StringComparison.Ordinal) || !Uri.TryCreate(blobs, raw[(Root.Length + 1)..], out Uri? target))
            return null;
        bool isOurs = new[] { StorageNames.RecordingsContainer, StorageNames.RendersContainer }.Any(container =>
            target.AbsoluteUri.StartsWith($"{blobs.AbsoluteUri}{container}/", StringComparison.Ordinal));
        return isOurs && context.Request.Query.ContainsKey("sig") ? target : null;
    }
}
