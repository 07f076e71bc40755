namespace Pipeline.Bot.Hosting;

/// <summary>Reads <see cref="HostingOptions"/> from named texts (the environment).</summary>
internal static class HostingSettings
{
    public static HostingOptions Read(SettingReader setting) => new()
    {
        HealthEndpoint = ReadEndpoint(setting, "HEALTH_ENDPOINT", "http://127.0.0.1:8080, or off", Uri.UriSchemeHttp),
        TelemetryEndpoint = ReadEndpoint(setting, "OTEL_EXPORTER_OTLP_ENDPOINT", "an address such as http://127.0.0.1:4317", Uri.UriSchemeHttp, Uri.UriSchemeHttps),
        PrometheusEndpoint = ReadEndpoint(setting, "PROMETHEUS_ENDPOINT", "http://127.0.0.1:9464, or off", Uri.UriSchemeHttp),
    };

    private static Uri? ReadEndpoint(SettingReader setting, string name, string range, params string[] schemes)
    {
        if (setting.Text(name) is not { } text || text.Equals("off", StringComparison.OrdinalIgnoreCase)) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && schemes.Contains(address.Scheme) ? address : setting.Refuse<Uri?>(name, text, range, null);
    }
}
