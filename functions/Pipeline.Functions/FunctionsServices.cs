using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;
using Pipeline.Functions.Api;
using Pipeline.Functions.Api.Wire;
using Pipeline.Functions.Pipeline;
using Pipeline.Functions.Storage;
using Polly;

namespace Pipeline.Functions;

/// <summary>The app's parts, room by room.</summary>
internal static class FunctionsServices
{
    // Longer waits belong into the queue: the message goes back and nothing is held meanwhile.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    public static void TryAddTime(this IServiceCollection services) => services.TryAddSingleton(TimeProvider.System);

    public static void AddFunctionsStorage(this IServiceCollection services)
    {
        services.TryAddSingleton<StorageClients>();
        services.AddSingleton<StorageSetup>();
        services.AddSingleton<SasIssuer>();
        services.AddSingleton<TempContainer>();
        services.AddSingleton<RecordingsContainer>();
        services.AddSingleton<ServerCopy>();
        services.AddSingleton<MessageQueues>();
        services.AddSingleton<Ledger>();
        services.AddSingleton<Catalogue>();
        services.AddSingleton<GuildSettingsTable>();
        services.AddSingleton<Reports>();
    }

    public static void AddPipeline(this IServiceCollection services)
    {
        services.AddSingleton<RecordingApiAddress>();
        services.AddSingleton<RecordingApiClient>();
        services.AddSingleton<RecordingRegistry>();
        services.AddSingleton<SegmentDelivery>();
        services.AddSingleton<LateSegments>();
        services.AddSingleton<BatchFlow>();
        services.AddSingleton<StartRecording>();
        services.AddSingleton<MoveSegment>();
        services.AddSingleton<FinalizeRecording>();
        services.AddSingleton<QueueWatch>();
        services.AddSingleton<OrphanSweep>();
        services.AddSingleton<ManifestSweep>();
        services.AddSingleton<LiveSweep>();
        services.AddSingleton<PoisonSweep>();
        services.AddSingleton<SweepRecordings>();
        AddClient(services, RecordingApiClient.HttpClientName, TimeSpan.FromSeconds(100));
        AddClient(services, SegmentDelivery.HttpClientName, TimeSpan.FromMinutes(5));
    }

    public static void AddRecordingApi(this IServiceCollection services)
    {
        services.AddSingleton<RecordingStarts>();
        services.AddSingleton<SegmentUploads>();
        services.AddSingleton<RecordingEnds>();
        services.AddSingleton<BatchUploads>();
        services.AddSingleton<RecordingReads>();
        services.AddSingleton<RecordingDeletion>();
        services.AddSingleton<GuildSettingsOperations>();
        services.AddSingleton<HealthOperations>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJsonContext.Default));
        services.AddOpenApi(document => document.AddDocumentTransformer((description, _, _) =>
        {
            description.Info.Title = "Pipeline recording API";
            description.Info.Version = "1";
            return Task.CompletedTask;
        }));
    }

    // No loggers: the default ones write addresses, and upload URLs are secrets.
    private static void AddClient(IServiceCollection services, string name, TimeSpan attemptTimeout) =>
        services.AddHttpClient(name, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new ConnectionResets(new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                ConnectTimeout = TimeSpan.FromSeconds(10),
            }))
            .RemoveAllLoggers()
            .AddResilienceHandler(name, pipeline => pipeline
                .AddRetry(new HttpRetryStrategyOptions
                {
                    MaxRetryAttempts = 3,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromMilliseconds(200),
                    ShouldHandle = attempt => new ValueTask<bool>(IsTransient(attempt.Outcome) && !AsksForLonger(attempt.Outcome)),
                })
                .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
                {
                    // A service that answers most calls is worth each of them; the circuit is for one that is gone.
                    FailureRatio = 0.6,
                    SamplingDuration = TimeSpan.FromSeconds(30),
                    MinimumThroughput = 20,
                    BreakDuration = TimeSpan.FromSeconds(5),
                    ShouldHandle = attempt => new ValueTask<bool>(IsTransient(attempt.Outcome)),
                })
                .AddTimeout(attemptTimeout));

    // 501 says that the service lacks the operation: an answer, not a fault.
    private static bool IsTransient(Outcome<HttpResponseMessage> outcome) =>
        HttpClientResiliencePredicates.IsTransient(outcome) && outcome.Result?.StatusCode != System.Net.HttpStatusCode.NotImplemented;

    private static bool AsksForLonger(Outcome<HttpResponseMessage> outcome) =>
        outcome.Result is { } response && RecordingApiClient.RetryAfter(response) > LongestWait;
}
