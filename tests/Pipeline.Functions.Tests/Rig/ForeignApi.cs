using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Pipeline.Contracts.Api;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>
/// Somebody else's recording API on loopback, written from the contract alone: with or without init-live, with upload URLs of
/// its own that answer {url} or nothing, and with faults that a test queues up.
/// </summary>
internal sealed class ForeignApi : IAsyncDisposable
{
    private readonly WebApplication app;

    private ForeignApi(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.First());
    public bool HasInitLive { get; set; } = true;

    /// <summary>What the PUT of a file is answered with; null: a JSON object with an address of its own.</summary>
    public (string ContentType, string Body)? PutAnswer { get; set; }

    public bool IsFinished { get; set; }

    /// <summary>Nothing is known of any recording but that it was deleted.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>Recordings that were begun live are not known any more.</summary>
    public bool HasForgotten { get; set; }

    /// <summary>Operations that are answered with 409.</summary>
    public HashSet<string> Refused { get; } = [];

    public bool TakesKey { get; set; }

    /// <summary>When set, upload URLs point there instead of at this server.</summary>
    public Func<string, string>? UploadUrlFor { get; set; }

    /// <summary>Answers to give before the true one: status and Retry-After.</summary>
    public ConcurrentQueue<(int Status, string? RetryAfter)> Faults { get; } = new();

    /// <summary>Answers to give to the PUT of a name before the true one: status and Retry-After.</summary>
    public ConcurrentDictionary<string, (int Status, string? RetryAfter)> PutFaults { get; } = new();

    public ConcurrentDictionary<string, byte[]> Files { get; } = new();
    public ConcurrentQueue<(string Operation, JsonElement Body)> Requests { get; } = new();

    /// <summary>Bodies as they came, of the same requests.</summary>
    public ConcurrentQueue<(string Operation, byte[] Body)> Bytes { get; } = new();
    public ConcurrentBag<string> PutHeaders { get; } = [];

    public static async Task<ForeignApi> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        ForeignApi foreign = new(app);
        app.Map("/api/{**path}", (RequestDelegate)foreign.AnswerAsync);
        app.MapPut("/put/{**name}", (RequestDelegate)foreign.PutAsync);
        await app.StartAsync();
        return foreign;
    }

    public int Count(string operation) => Requests.Count(request => request.Operation == operation);

    public JsonElement Last(string operation) => Requests.Last(request => request.Operation == operation).Body;

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using MemoryStream came = new();
        await context.Request.Body.CopyToAsync(came);
        using JsonDocument body = JsonDocument.Parse(came.ToArray());
        string operation = context.Request.Path.Value!.Split('/')[^1];
        Bytes.Enqueue((operation, came.ToArray()));
        Requests.Enqueue((operation, body.RootElement.Clone()));
        if (Faults.TryDequeue(out (int Status, string? RetryAfter) fault))
        {
            if (fault.RetryAfter is not null) context.Response.Headers.RetryAfter = fault.RetryAfter;
            context.Response.StatusCode = fault.Status;
            return;
        }
        if (TakesKey && context.Request.Headers["x-functions-key"] != "sesame")
        {
            context.Response.StatusCode = 401;
            return;
        }
        if (Refused.Contains(operation))
        {
            context.Response.StatusCode = 409;
            return;
        }
        if (HasForgotten && operation is "segment-upload-url" or "finalize")
        {
            context.Response.StatusCode = 404;
            return;
        }
        if (IsDeleted)
        {
            context.Response.StatusCode = operation == "init-live" ? 409 : 404;
            await context.Response.WriteAsync("""{"currentStatus":"deleted"}""");
            return;
        }
        await (operation switch
        {
            "init-live" => InitLiveAsync(context),
            "segment-upload-url" => UploadUrlAsync(context, body.RootElement),
            "init" => InitAsync(context, body.RootElement),
            _ => FinishAsync(context),
        });
    }

    private async Task InitLiveAsync(HttpContext context)
    {
        if (!HasInitLive) context.Response.StatusCode = 404;
        else await context.Response.WriteAsync("""{"recordingId":"rec-1","status":"live"}""");
    }

    private async Task UploadUrlAsync(HttpContext context, JsonElement body)
    {
        if (IsFinished)
        {
            context.Response.StatusCode = 409;
            return;
        }
        string name = $"{body.GetProperty("userId").GetString()}/{body.GetProperty("fileName").GetString()}";
        await WriteAsync(context, new SegmentUploadResponse { UploadUrl = Place(name), BlobPath = $"recordings/x/{name}" });
    }

    private async Task InitAsync(HttpContext context, JsonElement body)
    {
        List<string> places = [];
        foreach (JsonElement segment in body.GetProperty("segments").EnumerateArray())
        {
            string name = $"{segment.GetProperty("userId").GetString()}/{segment.GetProperty("fileName").GetString()}";
            places.Add($$"""{"fileIndex":{{places.Count}},"uploadUrl":{{JsonSerializer.Serialize(Place(name))}},"blobPath":"b/{{name}}"}""");
        }
        await context.Response.WriteAsync($$"""{"recordingId":"rec-9","uploadUrls":[{{string.Join(',', places)}}]}""");
    }

    private async Task FinishAsync(HttpContext context)
    {
        IsFinished = true;
        await context.Response.WriteAsync("""{"recording":{"id":"rec-1","sessionId":"s","status":"processing","duration":1,"participantCount":1,"segmentCount":1,"totalSize":1,"downloadUrls":{"audio":[]},"estimatedProcessingTime":5}}""");
    }

    private async Task PutAsync(HttpContext context)
    {
        string name = (string)context.Request.RouteValues["name"]!;
        PutHeaders.Add(
            $"{context.Request.ContentType}|{context.Request.Headers["x-ms-blob-type"]}|"
            + $"{context.Request.ContentLength is not null}|{context.Request.Headers.ContentMD5.Count}");
        using MemoryStream content = new();
        await context.Request.Body.CopyToAsync(content);
        if (PutFaults.TryRemove(name, out (int Status, string? RetryAfter) fault))
        {
            if (fault.RetryAfter is not null) context.Response.Headers.RetryAfter = fault.RetryAfter;
            context.Response.StatusCode = fault.Status;
            return;
        }
        byte[] bytes = content.ToArray();
        if (context.Request.Headers.ContentMD5 is [{ } md5] && md5 != Convert.ToBase64String(MD5.HashData(bytes)))
        {
            context.Response.StatusCode = 400;
            return;
        }
        Files[name] = bytes;
        context.Response.StatusCode = 201;
        (context.Response.ContentType, string answer) =
            PutAnswer ?? ("application/json", $$"""{"url":"https://cdn.example/{{name}}"}""");
        await context.Response.WriteAsync(answer);
    }

    private string Place(string name) => UploadUrlFor?.Invoke(name) ?? new Uri(Address, $"put/{name}?sig=secret").AbsoluteUri;

    private static Task WriteAsync(HttpContext context, SegmentUploadResponse answer) =>
        context.Response.WriteAsync(JsonSerializer.Serialize(answer, WireJsonContext.Default.SegmentUploadResponse));
}
