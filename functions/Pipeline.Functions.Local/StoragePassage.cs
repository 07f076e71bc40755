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

    private static readonly string[] Asked = ["Range", "If-Range", "If-None-Match", "If-Modified-Since"];
    private static readonly string[] Told = ["ETag", "Last-Modified", "Accept-Ranges", "Cache-Control"];
    private static readonly string[] ToldOfContent = ["Content-Type", "Content-Length", "Content-Range", "Content-Disposition"];

    private readonly Uri blobs;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromMinutes(1), // until the headers; the body takes as long as the one who asked
    };

    public StoragePassage(StorageClients clients) => blobs = new Uri(clients.Blobs.Uri.AbsoluteUri.TrimEnd('/') + "/");

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
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method), target);
        foreach (string name in Asked)
        {
            if (context.Request.Headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues value))
                request.Headers.TryAddWithoutValidation(name, value.ToArray());
        }
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        }
        catch (HttpRequestException)
        {
            await Problem(StatusCodes.Status503ServiceUnavailable, "The storage does not answer").ExecuteAsync(context);
            return;
        }
        using (answer) await PassAsync(answer, context);
    }

    private static async Task PassAsync(HttpResponseMessage answer, HttpContext context)
    {
        HttpResponse response = context.Response;
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
        if (!HttpMethods.IsHead(context.Request.Method)) await answer.Content.CopyToAsync(response.Body, context.RequestAborted);
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
