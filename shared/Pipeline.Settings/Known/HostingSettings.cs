using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>What a platform asks of a process beside its work.</summary>
public static class HostingSettings
{
    public static Setting<TimeSpan> ShutdownGrace { get; } = new(
        "SHUTDOWN_GRACE", Programs.Both, new DurationForm(TimeSpan.Zero, TimeSpan.FromHours(1), "s"), TimeSpan.FromSeconds(25),
        "How long SIGTERM drains");

    public static Setting<Uri?> Health { get; } = new(
        "HEALTH_ENDPOINT", Programs.Bot, Listening("http://127.0.0.1:8080"), null,
        "`/healthz` and `/readyz`, for example `http://127.0.0.1:8080`")
    { DefaultInWords = "off" };

    public static Setting<Uri?> Telemetry { get; } = new(
        "OTEL_EXPORTER_OTLP_ENDPOINT", Programs.Both,
        new AddressForm(AddressSchemes.HttpOrHttps, "http://127.0.0.1:4317") { MayBeOff = true }, null,
        "Metrics and traces; the exporter reads its other OTEL_ settings by itself")
    { DefaultInWords = "off" };

    public static Setting<Uri?> Prometheus { get; } = new(
        "PROMETHEUS_ENDPOINT", Programs.Both, Listening("http://127.0.0.1:9464"), null,
        "`/metrics` of bot or stand-alone functions, each its own, for example `http://127.0.0.1:9464`")
    { DefaultInWords = "off" };

    public static IReadOnlyList<Setting> All { get; } = [ShutdownGrace, Health, Telemetry, Prometheus];

    // What is served there has its own paths.
    private static AddressForm Listening(string example) => new(AddressSchemes.Http, example) { RootOnly = true, MayBeOff = true };
}
