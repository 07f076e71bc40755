using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Pipeline.Delivery;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Hosting;
using Pipeline.RecordingApi;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Recordings;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Settings;
using Pipeline.Storage;

namespace Pipeline.Functions;

/// <summary>Puts the worker together: the pipeline's functions and the recording API, called by the Functions host.</summary>
internal static class WorkerApp
{
    /// <summary>Exit code for an end that the host did not ask for (sysexits EX_SOFTWARE).</summary>
    public const int Unexpected = 70;

    // The API's largest body is 16 MiB; the routes say themselves what each of them takes.
    private const long LargestBody = 32L * 1024 * 1024;

    /// <exception cref="InvalidSettingsException">Settings are wrong.</exception>
    public static IHost Build(FunctionsApplicationBuilder builder)
    {
        SettingSources sources = SettingSources.LoadEnvironment();
        WorkerOptions options = WorkerOptions.Read(sources);
        foreach (SettingProblem unknown in WorkerOptions.Unknown(sources)) Console.Error.WriteLine(unknown.Text);
        builder.ConfigureFunctionsWebApplication();
        AddLogging(builder);
        AddTelemetry(builder, options);
        builder.Services.Configure<KestrelServerOptions>(static kestrel => kestrel.Limits.MaxRequestBodySize = LargestBody);
        builder.Services.AddPipelineStorage(options.Storage);
        builder.Services.AddDelivery(options.Delivery);
        // Without a key: the host has asked for it before a request comes here.
        builder.Services.AddRecordingApi(options.Api);
        if (options.Delivery.RecordingApiBaseUrl is null) builder.Services.AddSingleton(AfterMoveOf).AddSingleton(TranscribeOf);
        builder.Services.AddSingleton<ApiPipeline>();
        builder.Services.AddSingleton<LoopbackApi>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<LoopbackApi>());
        builder.Services.AddSingleton(static services =>
            new OwnApi(() => services.GetRequiredService<LoopbackApi>().Address, LoopbackApi.Key));
        builder.Services.AddSingleton(static services => new FurtherSweep(services.GetRequiredService<ForgottenRecordings>().EndAsync));
        builder.Services.AddSingleton(static services => new FurtherSweep(services.GetRequiredService<EventSweep>().RunAsync));
        builder.Services.AddSingleton(static services => new FurtherSweep(services.GetRequiredService<DeletionSweep>().RunAsync));
        builder.Services.AddSingleton(static services => new FurtherSweep(services.GetRequiredService<PassingFilesSweep>().RunAsync));
        IHost worker = builder.Build();
        OpenStorage(worker);
        return worker;
    }

    private static AfterMove TranscribeOf(IServiceProvider services) => new(services.GetRequiredService<TranscriptTriggers>().StoredAsync);

    private static AfterMove AfterMoveOf(IServiceProvider services) => new(services.GetRequiredService<StoredSegments>().TellAsync);

    // Opened at once, so that a wrong connection string ends the start and not the first message.
    private static void OpenStorage(IHost worker)
    {
        try
        {
            worker.Services.GetRequiredService<StorageClients>();
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            throw DeliveryOptions.NoStorage();
        }
    }

    // On the console, which the host keeps line by line: with the event ids that alerts look for.
    private static void AddLogging(FunctionsApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(static console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Azure", LogLevel.Warning);
        // The functions say themselves why they fail, once; what gives up after the last attempt says so too.
        builder.Logging.AddFilter("Function", LogLevel.None);
        builder.Logging.AddFilter("Polly", LogLevel.None);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
    }

    private static void AddTelemetry(FunctionsApplicationBuilder builder, WorkerOptions options)
    {
        if (options.TelemetryEndpoint is null) return;
        // First: the host's name for the app would take the place of ours.
        builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        builder.Services.AddTelemetry(new TelemetryOf(Telemetry.Name, typeof(WorkerApp).Assembly, Telemetry.Name),
                options.TelemetryEndpoint, scraped: null)!
            .WithTracing(static tracing => tracing.AddHttpClientInstrumentation())
            .WithMetrics(static metrics => metrics.AddHttpClientInstrumentation());
    }
}
