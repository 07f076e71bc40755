using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Cli;

/// <summary>Puts this room into a host.</summary>
internal static class HostingServices
{
    /// <summary>Added first, so that probes are answered while everything else starts and until everything else has stopped.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services, HostingOptions options)
    {
        services.AddSingleton(options);
        // A process has one heap and lives in real time, also where a recording's clock runs faster.
        services.AddHostedService(_ => new MemoryTrim(TimeProvider.System));
        services.AddHostedService(provider => new HealthServer(
            options,
            provider.GetRequiredService<ActiveRecordings>(),
            provider.GetService<ShardLease>(),
            provider.GetService<GatewayClient>(),
            provider.GetRequiredService<ILogger<HealthServer>>()));
        return services;
    }

    /// <summary>
    /// Added between the recordings' room and Discord's: the lease is taken before the gateway is identified; at the end the gateway is left,
    /// the lease is given back, and only then the recordings are handed over, while the next bot identifies.
    /// </summary>
    public static IServiceCollection AddShardLease(this IServiceCollection services, ShardName name)
    {
        services.AddSingleton(name).AddSingleton<ShardLease>();
        services.AddHostedService<Heartbeat>();
        services.AddHostedService(provider => provider.GetRequiredService<ShardLease>());
        return services;
    }

    /// <summary>
    /// Sends metrics and traces where OTEL_EXPORTER_OTLP_ENDPOINT says (the exporter reads the other OTEL_ settings by itself),
    /// and lets metrics be scraped at PROMETHEUS_ENDPOINT.
    /// </summary>
    /// <exception cref="IOException">PROMETHEUS_ENDPOINT is taken or not ours.</exception>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, HostingOptions options)
    {
        if (options.TelemetryEndpoint is null && options.PrometheusEndpoint is null) return services;
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("Pipeline.Bot", serviceVersion: typeof(HostingServices).Assembly.GetName().Version?.ToString(3)))
            .WithTracing(tracing => tracing.AddSource(BotMetrics.MeterName))
            .WithMetrics(metrics => metrics.AddMeter(BotMetrics.MeterName).AddMeter("System.Runtime"));
        if (options.TelemetryEndpoint is not null) telemetry.UseOtlpExporter();
        if (options.PrometheusEndpoint is { } scraped)
        {
            ListenAddress.Open("PROMETHEUS_ENDPOINT", scraped).Dispose(); // The exporter would not name the setting.
            telemetry.WithMetrics(metrics => metrics.AddPrometheusHttpListener(listener => (listener.Host, listener.Port) = (ListenAddress.Host(scraped), scraped.Port)));
        }
        return services;
    }
}
