using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Pipeline.Hosting;

/// <summary>Metrics and traces of a program.</summary>
/// <param name="Service">What everybody who gets them knows the program by: <c>service.name</c>.</param>
/// <param name="Program">Its version goes with the name, as three numbers.</param>
/// <param name="Source">Name of its meter and of its activities.</param>
public sealed record TelemetryOf(string Service, Assembly Program, string Source);

/// <summary>Who gets the metrics and traces of a program.</summary>
public static class TelemetryServices
{
    private const string ScrapeSetting = "PROMETHEUS_ENDPOINT";

    /// <param name="exported">OTEL_EXPORTER_OTLP_ENDPOINT: both are sent there. The exporter reads the other OTEL_ settings.</param>
    /// <param name="scraped">PROMETHEUS_ENDPOINT: metrics may be fetched there, under <c>/metrics</c>.</param>
    /// <returns>What more can be added to; null where nobody wants any.</returns>
    /// <exception cref="AddressUnavailableException"><paramref name="scraped"/> is taken or not ours.</exception>
    public static OpenTelemetryBuilder? AddTelemetry(this IServiceCollection services, TelemetryOf of, Uri? exported, Uri? scraped)
    {
        if (exported is null && scraped is null) return null;
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource =>
            resource.AddService(of.Service, serviceVersion: of.Program.GetName().Version?.ToString(3)))
            .WithTracing(tracing => tracing.AddSource(of.Source))
            .WithMetrics(metrics => metrics.AddMeter(of.Source).AddMeter("System.Runtime"));
        if (exported is not null) telemetry.UseOtlpExporter();
        if (scraped is not null)
        {
            ListenAddress.Open(ScrapeSetting, scraped).Dispose(); // The exporter would not name the setting.
            telemetry.WithMetrics(metrics => metrics.AddPrometheusHttpListener(listener =>
                (listener.Host, listener.Port) = (ListenAddress.Host(scraped), scraped.Port)));
        }
        return telemetry;
    }
}
