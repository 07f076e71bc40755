using System.Net.Mime;
using Microsoft.AspNetCore.Hosting.Server;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Pipeline.Delivery;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Local.Triggers;
using Pipeline.Hosting;
using Pipeline.RecordingApi;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Recordings;
using Pipeline.RecordingApi.Shares;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Pipeline.Storage;

namespace Pipeline.Functions.Local;

/// <summary>Puts the app together: the pipeline's functions, the recording API, and what triggers them.</summary>
internal static class LocalApp
{
    /// <summary>Exit code for something that is needed and not to be had, such as a port (sysexits EX_UNAVAILABLE).</summary>
    public const int Unavailable = 69;

    private const string DefaultUrl = "http://127.0.0.1:7071";
    private const string Welcome = "Pipeline runs here. A recording opens by its link: in Discord's panel, or by /record link. The API "
        + "behind it is described at " + ApiEndpoints.DocumentPath + ", for who has the key.\n";

    /// <param name="configure">Called before the settings are read; tests hand in settings and a clock.</param>
    /// <exception cref="InvalidSettingsException">Settings are wrong.</exception>
    /// <exception cref="AddressUnavailableException">Somebody else listens at the address of the figures.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        WebApplicationBuilder builder = LocalSettings.CreateBuilder(args, Directory.GetCurrentDirectory());
        AddLogging(builder);
        configure?.Invoke(builder);
        SettingSources sources = new(builder.Configuration);
        LocalOptions options = LocalSettings.Read(sources);
        builder.Services.AddSingleton(sources);
        IReadOnlyList<string> hosts = Listen(builder);
        builder.Services.AddRequestGate(options, hosts);
        string key = options.Key ?? KeyFile.ReadOrMake(options);
        RenderFolder.DemandWritable(options);
        builder.Services.AddLocalTranscription(options.Api.Transcription);
        AddTelemetry(builder, options);
        builder.Services.AddSingleton(options);
        builder.Services.AddPipelineStorage(options.Storage);
        builder.Services.AddDelivery(options.Delivery);
        builder.Services.AddRecordingApi(options.Api with { Key = key });
        builder.Services.AddSingleton(services => new OwnApi(() => LoopbackAddress.Of(services.GetRequiredService<IServer>()), key));
        builder.Services.AddSingleton(services => new FurtherSweep(services.GetRequiredService<ForgottenRecordings>().EndAsync));
        builder.Services.AddSingleton(services => new FurtherSweep(services.GetRequiredService<EventSweep>().RunAsync));
        builder.Services.AddSingleton(services => new FurtherSweep(services.GetRequiredService<DeletionSweep>().RunAsync));
        builder.Services.AddSingleton(services => new FurtherSweep(services.GetRequiredService<PassingFilesSweep>().RunAsync));
        if (options.Delivery.RecordingApiBaseUrl is null) builder.Services.AddSingleton(AfterMoveOf).AddSingleton(TranscribeOf);
        builder.Services.AddSingleton<UnexpectedStop>().AddSingleton<RenderFolder>().AddSingleton<StoragePassage>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownGrace);
        if (options.LocalTriggers) builder.Services.AddLocalTriggers();

        WebApplication app = builder.Build();
        OpenStorage(app);
        app.UseRequestGate();
        app.UseRecordingApi();
        app.MapGet("/", static () => Results.Text(Welcome, MediaTypeNames.Text.Plain)).ForEverybody().ExcludeFromDescription();
        app.MapRecordingApi();
        if (options.Storage.PublicBlobUri is not null) StoragePassage.Map(app);
        if (options.Key is null) Log.KeyGenerated(app.Logger, KeyFile.PathOf(options));
        return app;
    }

    private static AfterMove TranscribeOf(IServiceProvider services) => new(services.GetRequiredService<TranscriptTriggers>().StoredAsync);

    private static AfterMove AfterMoveOf(IServiceProvider services) => new(services.GetRequiredService<StoredSegments>().TellAsync);

    /// <summary>What it would run with, without making or listening to anything.</summary>
    /// <exception cref="InvalidSettingsException">Settings are wrong.</exception>
    public static SettingSources ReadSettings(string[] args)
    {
        WebApplicationBuilder builder = LocalSettings.CreateBuilder(args, Directory.GetCurrentDirectory());
        SettingSources sources = new(builder.Configuration);
        LocalSettings.Read(sources);
        Listen(builder);
        return sources;
    }

    // The hosts of the addresses that it listens on.
    private static List<string> Listen(WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        string urls = builder.Configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } given ? given : DefaultUrl;
        builder.WebHost.UseUrls(urls);
        return [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(HostOf)];
    }

    private static string HostOf(string url)
    {
        try
        {
            if (BindingAddress.Parse(url) is { Scheme: "http" } address) return address.Host;
        }
        catch (FormatException)
        {
            // Said below, together with https, which needs a certificate.
        }
        throw new InvalidSettingsException(new SettingProblem("ASPNETCORE_URLS",
            $"ASPNETCORE_URLS (or --urls): '{url}' is not allowed, expected an http address such as {DefaultUrl}; put what speaks TLS "
            + "in front of it"));
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
            throw DeliveryOptions.NoStorage();
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
        // Every answer of the storage is judged where it is read.
        builder.Logging.AddFilter("Azure", LogLevel.Error);
        // The functions say themselves what they do and why they fail, once.
        builder.Logging.AddFilter("Function", LogLevel.None);
        builder.Logging.AddFilter("Host.Results", LogLevel.None);
        builder.Logging.AddFilter("Host", LogLevel.Warning);
        // What gives up after the last attempt says so, once.
        builder.Logging.AddFilter("Polly", LogLevel.None);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
    }

    private static void AddTelemetry(WebApplicationBuilder builder, LocalOptions options)
    {
        builder.Services.AddTelemetry(new TelemetryOf(Telemetry.Name, typeof(LocalApp).Assembly, Telemetry.Name),
                options.TelemetryEndpoint, options.PrometheusEndpoint)?
            .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation())
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation());
    }
}
