using System.Globalization;
using Pipeline.Functions.Local.Triggers;

namespace Pipeline.Functions.Local;

/// <summary>The settings in force, one a line, under their names. A secret is only said to be there.</summary>
internal static class PrintedSettings
{
    private const string Hidden = "(set, not shown)";

    /// <returns>The exit code.</returns>
    public static int Write(LocalOptions options, TextWriter output)
    {
        foreach ((string name, object? value) in Of(options))
        {
            string text = value switch
            {
                null => "(not set)",
                TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
                IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
                _ => value.ToString()!,
            };
            output.WriteLine($"{name,-36} {text}");
        }
        return 0;
    }

    private static IEnumerable<(string Name, object? Value)> Of(LocalOptions options) =>
    [
        ("PipelineStorage", options.Storage.ConnectionString is null ? null : Hidden),
        ("PipelineStorage__blobServiceUri", options.Storage.BlobServiceUri),
        ("PipelineStorage__queueServiceUri", options.Storage.QueueServiceUri),
        ("PipelineStorage__tableServiceUri", options.Storage.TableServiceUri),
        ("PipelineStorage__credential", options.Storage.Credential),
        ("PipelineStorage__clientId", options.Storage.ClientId),
        ("Functions__Key", options.Key is null ? null : Hidden),
        ("Functions__KeyFile", options.Key is null ? KeyFile.PathOf(options) : null),
        ("Functions__AllowedHosts", options.AllowedHosts),
        ("PUBLIC_BASE_URL", options.PublicBaseUrl),
        ("SHARE_LINK_DAYS", options.ShareLinkDays),
        ("Functions__LocalTriggers", options.LocalTriggers),
        ("Functions__LocalHide", options.LocalHide),
        ("Functions__PoisonRedrives", options.Delivery.PoisonRedrives),
        ("SHUTDOWN_GRACE", options.ShutdownGrace),
        ("RecordingApi__BaseUrl", options.Delivery.RecordingApiBaseUrl),
        ("RecordingApi__ApiKey", options.Delivery.RecordingApiKey is null ? null : Hidden),
        ("RecordingApi__ApiKeyHeader", options.Delivery.RecordingApiKeyHeader),
        ("RECORDING_ABANDON_AFTER", options.Delivery.AbandonAfter),
        ("RECORDING_ADOPT_AFTER", options.Delivery.AdoptAfter),
        ("RECORDING_FINALIZE_DEADLINE", options.Delivery.FinalizeDeadline),
        ("RECORDING_LIVE_LIMIT", options.Delivery.LiveLimit),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", options.TelemetryEndpoint),
        ("PROMETHEUS_ENDPOINT", options.PrometheusEndpoint),
    ];
}
