using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>
/// Stands before an HTTP service on loopback and spoils what passes: resets connections, makes every call slow, or answers with a
/// status of its own, half of the time after the service has done what was asked (the answer is lost, not the call).
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly string[] HopByHop = ["Transfer-Encoding", "Connection", "Keep-Alive", "Host"];

    private readonly HttpClient http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = false,
            UseCookies = false
        });
    private readonly WebApplication app;
    private readonly Uri target;
    private readonly Lock gate = new();
    private CancellationTokenSource passing = new();
    private Random random = new(1);
    private double rate;
    private (int Status, string? RetryAfter)[] faults = [];
    private int passed;
    private int spoiled;

    private FaultProxy(WebApplication app, Uri target) => (this.app, this.target) = (app, target);

    public Uri Address => new(app.Urls.First());
    public int Port => Address.Port;

    /// <summary>Every call begins this much later.</summary>
    public TimeSpan Delay { get; set; }

    public int Passed => Volatile.Read(ref passed);

    /// <summary>Calls that were reset or answered with a fault.</summary>
    public int Spoiled => Volatile.Read(ref spoiled);

    public static async Task<FaultProxy> StartAsync(Uri target)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => (kestrel.AddServerHeader, kestrel.Limits.MaxRequestBodySize) = (false, null));
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        FaultProxy proxy = new(app, target);
        app.Run(proxy.PassAsync);
        await app.StartAsync();
        return proxy;
    }

    /// <summary>Resets what is under way and everything that comes, until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        lock (gate) passing.Cancel();
    }

    public void Mend()
    {
        lock (gate) passing = new CancellationTokenSource();
    }

    /// <summary>From now on this part of all calls fails, with one of these answers.</summary>
    public void Spoil(int seed, double part, params (int Status, string? RetryAfter)[] answers)
    {
        lock (gate) (random, rate, faults) = (new Random(seed), part, answers);
    }

    /// <summary>No faults and no delay any more.</summary>
    public void Heal()
    {
        Delay = TimeSpan.Zero;
        Spoil(1, 0);
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await app.DisposeAsync();
        http.Dispose();
        passing.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        (CancellationToken cut, (int Status, string? RetryAfter)? fault, bool afterwards) = Decide();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cut, context.RequestAborted);
        try
        {
            if (Delay > TimeSpan.Zero) await Task.Delay(Delay, end.Token);
            end.Token.ThrowIfCancellationRequested();
            if (fault is null || afterwards) await ForwardAsync(context, answers: fault is null, end.Token);
            Interlocked.Increment(ref passed);
        }
        catch (Exception broken) when (
            broken is OperationCanceledException or IOException or HttpRequestException or BadHttpRequestException)
        {
            Interlocked.Increment(ref spoiled);
            context.Abort();
            return;
        }
        if (fault is not { } given) return;
        Interlocked.Increment(ref spoiled);
        context.Response.StatusCode = given.Status;
        if (given.RetryAfter is not null) context.Response.Headers.RetryAfter = given.RetryAfter;
    }

    private (CancellationToken Cut, (int Status, string? RetryAfter)? Fault, bool Afterwards) Decide()
    {
        lock (gate)
        {
            bool spoil = random.NextDouble() < rate;
            return (passing.Token, spoil ? faults[random.Next(faults.Length)] : null, random.Next(2) == 0);
        }
    }

    private async Task ForwardAsync(HttpContext context, bool answers, CancellationToken cancel)
    {
        // The path is signed as the client wrote it: nothing here may unescape it.
        string raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        Uri address = new($"{target.GetLeftPart(UriPartial.Authority)}{raw}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method), address);
        if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(context.Request.Body);
        else if (context.Request.ContentLength == 0) request.Content = new ByteArrayContent([]);
        foreach ((string name, var values) in context.Request.Headers)
        {
            if (HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!answers) return;
        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase)) context.Response.Headers[name] = values.ToArray();
        }
        await response.Content.CopyToAsync(context.Response.Body, cancel);
    }
}
