using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Pipeline.Delivery.ApiClient;
using Pipeline.RecordingApi;
using Pipeline.RecordingApi.Shares;

namespace Pipeline.Functions;

/// <summary>The recording API's routes inside the worker.</summary>
internal sealed class ApiPipeline
{
    public ApiPipeline(IServiceProvider services)
    {
        ApplicationBuilder app = new(services);
        app.UseRecordingApi();
        app.UseEndpoints(static routes => routes.MapRecordingApi());
        Requests = app.Build();
        Answer = new Forwarded(Requests, isOpen: false);
        Open = new Forwarded(Requests, isOpen: true);
    }

    public RequestDelegate Requests { get; }

    /// <summary>The result of an HTTP function: whatever the route answers.</summary>
    public IResult Answer { get; }

    /// <summary>The same for a function that the host lets everybody call: the page, and what a link's cookie opens.</summary>
    public IResult Open { get; }

    private sealed class Forwarded(RequestDelegate requests, bool isOpen) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (isOpen) PageAddress.Visit(httpContext);
            // The host has found the function by its route already; what is found there would keep the API from finding its own.
            httpContext.SetEndpoint(null);
            httpContext.Request.RouteValues.Clear();
            return requests(httpContext);
        }
    }
}

/// <summary>
/// The same routes on a loopback port of their own: the delivery speaks HTTP to whatever API there is, and the worker's own port takes
/// only what the host sends. It asks for a key that lives as long as the process.
/// </summary>
internal sealed class LoopbackApi(ApiPipeline api, IServiceProvider services) : IHostedService
{
    private WebApplication? server;

    /// <summary>Made with the process and known to nobody outside it.</summary>
    public static string Key { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <exception cref="InvalidOperationException">It does not listen yet.</exception>
    public Uri Address =>
        new(server?.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
        ?? throw new InvalidOperationException("the recording API does not listen yet"));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        // Its requests are resolved by the worker's services, and it never takes a signal.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        server = builder.Build();
        IApplicationBuilder app = server;
        app.Use((context, next) =>
        {
            context.RequestServices = services;
            return next(context);
        });
        app.Use(static (context, next) =>
        {
            if (IsOwn(context.Request.Headers[OwnApi.KeyHeader])) return next(context);
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
        app.Run(api.Requests);
        await server.StartAsync(cancellationToken);
    }

    // Disposed here, because the worker's services are disposed without waiting.
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (server is null) return;
        await server.StopAsync(cancellationToken);
        await server.DisposeAsync();
    }

    private static bool IsOwn(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Key));

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
