using System.Net;
using System.Net.Mime;
using Microsoft.AspNetCore.Hosting.Server;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Pipeline.Delivery;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Hosting;
using Pipeline.RecordingApi;
using Pipeline.RecordingApi.Recordings;
using Pipeline.RecordingApi.Shares;
using Pipeline.Storage;

namespace Pipeline.Functions;

/// <summary>Puts the app together: the pipeline's functions, the recording API, and what triggers them.</summary>
public static class FunctionsApp
{
    /// <summary>Exit code for a wrong setting (sysexits EX_CONFIG).</summary>
    public const int WrongSetting = 78;

    /// <summary>Exit code for something that is needed and not to be had, such as a port (sysexits EX_UNAVAILABLE).</summary>
    public const int Unavailable = 69;

    private const string DefaultUrl = "http://127.0.0.1:7071";

    /// <param name="configure">Called before the settings are read; tests hand in settings and a clock.</param>
    /// <exception cref="InvalidSettingException">A setting is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        AddLogging(builder);
        configure?.Invoke(builder);
        FunctionsOptions options = FunctionsOptions.Read(builder.Configuration);
        Listen(builder, options);
        AddTelemetry(builder, options);
        builder.Services.AddSingleton(options);
        builder.Services.AddPipelineStorage(options.Storage);
        builder.Services.AddDelivery(options.Delivery);
        // Behind the host nothing is asked for here: only the host reaches this process, and it has asked already.
        builder.Services.AddRecordingApi(new ApiOptions
        {
            Key = options.IsCustomHandler ? null : options.Key,
            LiveLimit = options.Delivery.LiveLimit,
            PublicBaseUrl = options.PublicBaseUrl,
            ShareLinkLife = TimeSpan.FromDays(options.ShareLinkDays),
        });
        builder.Services.AddSingleton(services => new OwnApi(() => LoopbackAddress.Of(services.GetRequiredService<IServer>()), options.Key));
        builder.Services.AddSingleton(services => new FurtherSweep(services.GetRequiredService<ForgottenRecordings>().EndAsync));
        builder.Services.AddSingleton<UnexpectedStop>();
        if (options.LocalTriggers) builder.Services.AddHostedService<LocalTriggers>();

        WebApplication app = builder.Build();
        OpenStorage(app);
        app.UseRecordingApi();
        app.MapGet("/", static () => Results.Text("{}", MediaTypeNames.Application.Json)).ForEverybody().ExcludeFromDescription();
        app.MapTriggers();
        app.MapRecordingApi();
        if (options is { Key: null, IsCustomHandler: false }) Log.NoKey(app.Logger);
        return app;
    }

    private static void Listen(WebApplicationBuilder builder, FunctionsOptions options)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        if (options.HandlerPort is { } port)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
            return;
        }
        string urls = builder.Configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } given ? given : DefaultUrl;
        builder.WebHost.UseUrls(urls);
        foreach (string url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            string host = HostOf(url);
            if (options.Key is null && host is not ("localhost" or "[::1]") && !(IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address)))
            {
                throw new InvalidSettingException("Functions__Key", null, $"whoever reaches {url} could read and delete recordings; set a key, or listen on 127.0.0.1");
            }
        }
    }

    private static string HostOf(string url)
    {
        try
        {
            if (BindingAddress.Parse(url) is { Scheme: "http" } address) return address.Host;
        }
        catch (FormatException)
        {
            // Said below, together with https, which needs a certificate that nobody has given.
        }
        throw new InvalidSettingException("ASPNETCORE_URLS (or --urls)", url, $"an http address such as {DefaultUrl}; put what speaks TLS in front of it");
    }

    // Opened at once, so that a wrong connection string ends the start and not the first message.
    private static void OpenStorage(WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<StorageClients>();
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            throw new InvalidSettingException(StorageOptions.ConnectionName, "(not shown)", "a connection string of Azure Storage with blob, queue and table endpoints");
        }
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // A failed start is said once, by Program; a background service that dies is critical.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddFilter("Azure", LogLevel.Warning);
        // Whoever gives up after the last attempt says so, once.
        builder.Logging.AddFilter("Polly", LogLevel.None);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
    }

    private static void AddTelemetry(WebApplicationBuilder builder, FunctionsOptions options)
    {
        if (options.TelemetryEndpoint is null && options.PrometheusEndpoint is null) return;
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(Telemetry.Name, serviceVersion: typeof(FunctionsApp).Assembly.GetName().Version?.ToString(3)))
            .WithTracing(tracing => tracing.AddSource(Telemetry.Name).AddAspNetCoreInstrumentation().AddHttpClientInstrumentation())
            .WithMetrics(metrics => metrics.AddMeter(Telemetry.Name).AddMeter("System.Runtime").AddAspNetCoreInstrumentation().AddHttpClientInstrumentation());
        if (options.TelemetryEndpoint is not null) telemetry.UseOtlpExporter();
        if (options.PrometheusEndpoint is { } scraped)
        {
            string host = scraped.Host is "0.0.0.0" or "[::]" ? "+" : scraped.Host;
            DemandFree(scraped, host);
            telemetry.WithMetrics(metrics => metrics.AddPrometheusHttpListener(listener => (listener.Host, listener.Port) = (host, scraped.Port)));
        }
    }

    // The exporter would not name the setting; it speaks plain HTTP and serves /metrics, whatever the address says.
    private static void DemandFree(Uri scraped, string host)
    {
        if (scraped.Scheme != Uri.UriSchemeHttp || scraped.PathAndQuery != "/") throw new InvalidSettingException("PROMETHEUS_ENDPOINT", scraped.ToString(), "an http address such as http://127.0.0.1:9464");
        using HttpListener attempt = new();
        attempt.Prefixes.Add($"http://{host}:{scraped.Port}/");
        try
        {
            attempt.Start();
        }
        catch (HttpListenerException taken)
        {
            throw new InvalidSettingException("PROMETHEUS_ENDPOINT", scraped.ToString(), $"an address of this machine that is free ({taken.Message})");
        }
    }
}
