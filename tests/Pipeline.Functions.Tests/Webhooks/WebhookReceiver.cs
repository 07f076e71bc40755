using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pipeline.Functions.Tests.Webhooks;

/// <summary>Somebody's web server on loopback that takes webhooks, or does not.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private WebhookReceiver(WebApplication app) => this.app = app;

    public Uri Url =>
        new(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), "hook");

    /// <summary>What it answers with; a Location header goes with a redirect.</summary>
    public int Status { get; set; } = 204;

    public ConcurrentQueue<(IHeaderDictionary Headers, string Body)> Received { get; } = new();

    public string[] Ids => [.. Received.Select(request => request.Headers["webhook-id"].ToString())];

    /// <param name="certificate">It speaks https with this one; null: http.</param>
    public static async Task<WebhookReceiver> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate));
        }
        builder.WebHost.UseUrls(certificate is null ? "http://127.0.0.1:0" : "https://127.0.0.1:0");
        WebApplication app = builder.Build();
        WebhookReceiver receiver = new(app);
        app.MapPost("/hook", receiver.TakeAsync);
        app.MapPost("/elsewhere", receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
        string body = await reader.ReadToEndAsync();
        HeaderDictionary headers = [];
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in context.Request.Headers) headers[name] = value;
        Received.Enqueue((headers, body));
        context.Response.StatusCode = Status;
        if (Status is 301 or 302 or 307) context.Response.Headers.Location = "/elsewhere";
    }
}
