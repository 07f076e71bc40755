using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Polly;

namespace Pipeline.Delivery;

/// <summary>Registers what happens to a segment; the storage is registered beside it.</summary>
public static class DeliveryServices
{
    // Longer waits belong into the queue: the message goes back and nothing is held meanwhile.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Needs an <see cref="OwnApi"/> from the executable.</summary>
    public static IServiceCollection AddDelivery(this IServiceCollection services, DeliveryOptions options)
    {
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton<Telemetry>();
        services.AddSingleton<LedgerTable>();
        services.AddSingleton<ServerCopy>();
        services.AddSingleton<RecordingApiAddress>();
        services.AddSingleton<RecordingApiClient>();
        services.AddSingleton<RecordingRegistry>().AddSingleton<ApiRecording>();
        services.AddSingleton<SegmentDelivery>();
        services.AddSingleton<LateSegments>();
        services.AddSingleton<BatchFlow>().AddSingleton<BatchUpload>();
        services.AddSingleton<BatchPlaces>();
        services.AddSingleton<HandOver>();
        services.AddSingleton<StartRecording>();
        services.AddSingleton<SegmentOutcome>().AddSingleton<MoveSegment>();
        services.AddSingleton<StopWait>().AddSingleton<FinalizeEnd>().AddSingleton<FinalizeRecording>();
        services.AddSingleton<QueueWatch>();
        services.AddSingleton<RefusedSegments>();
        services.AddSingleton<OrphanAdoption>();
        services.AddSingleton<OrphanSweep>();
        services.AddSingleton<ManifestSweep>();
        services.AddSingleton<LiveSweep>();
        services.AddSingleton<PoisonSweep>();
        services.AddSingleton<SweepRecordings>();
        services.AddSingleton<InvocationBorder>();
        services.AddSingleton<DeliveryFunctions>();
        AddClient(services, RecordingApiClient.HttpClientName, TimeSpan.FromSeconds(100));
        AddClient(services, SegmentDelivery.HttpClientName, TimeSpan.FromMinutes(5));
        return services;
    }

    // No loggers: the default ones write addresses, and upload URLs are secrets.
    private static void AddClient(IServiceCollection services, string name, TimeSpan attemptTimeout) =>
        services.AddHttpClient(name, client =>
            (client.Timeout, client.MaxResponseContentBufferSize) = (Timeout.InfiniteTimeSpan, RecordingApiClient.LongestAnswer))
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
