using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pipeline.Functions.Tests.Worker;

/// <summary>Where a process sends its telemetry over OTLP/HTTP; the bodies are kept as they come.</summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<byte[]> bodies = new();
    private readonly SemaphoreSlim arrived = new(0);

    private OtlpSink(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.First());

    public static async Task<OtlpSink> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        OtlpSink sink = new(app);
        app.Run(sink.TakeAsync);
        await app.StartAsync();
        return sink;
    }

    public async Task UntilAsync(Func<byte[], bool> holds, TimeSpan patience)
    {
        using CancellationTokenSource end = new(patience);
        while (!bodies.Any(holds)) await arrived.WaitAsync(end.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        arrived.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        bodies.Enqueue(body.ToArray());
        arrived.Release();
    }
}
