namespace Pipeline.Bot.Hosting;

/// <summary>What a platform asks of a process beside its work; read by <c>BotOptionsReader</c>.</summary>
internal sealed record HostingOptions
{
    /// <summary>HEALTH_ENDPOINT: where <c>/healthz</c> and <c>/readyz</c> answer; null (the default) for nowhere.</summary>
    public Uri? HealthEndpoint { get; init; }

    /// <summary>OTEL_EXPORTER_OTLP_ENDPOINT: where metrics and traces go; null (the default) for nowhere.</summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <summary>PROMETHEUS_ENDPOINT: where <c>/metrics</c> can be scraped; null (the default) for nowhere.</summary>
    public Uri? PrometheusEndpoint { get; init; }
}
