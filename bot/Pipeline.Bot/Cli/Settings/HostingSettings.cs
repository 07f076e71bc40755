using Pipeline.Bot.Hosting;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>Reads <see cref="HostingOptions"/> from named texts (the environment).</summary>
internal static class HostingSettings
{
    public static HostingOptions Read(SettingReader setting) => new()
    {
        HealthEndpoint = ReadListening(setting, "HEALTH_ENDPOINT", "http://127.0.0.1:8080, or off"),
        TelemetryEndpoint = ReadEndpoint(setting, "OTEL_EXPORTER_OTLP_ENDPOINT", "an address such as http://127.0.0.1:4317", address => address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps),
        PrometheusEndpoint = ReadListening(setting, "PROMETHEUS_ENDPOINT", "http://127.0.0.1:9464, or off"),
    };

    // What is served there has its own paths.
    private static Uri? ReadListening(SettingReader setting, string name, string range) =>
        ReadEndpoint(setting, name, range, address => address.Scheme == Uri.UriSchemeHttp && address.PathAndQuery == "/");

    private static Uri? ReadEndpoint(SettingReader setting, string name, string range, Func<Uri, bool> isRight)
    {
        if (setting.Text(name) is not { } text || text.Equals("off", StringComparison.OrdinalIgnoreCase)) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && isRight(address) ? address : setting.Refuse<Uri?>(name, text, range, null);
    }
}
