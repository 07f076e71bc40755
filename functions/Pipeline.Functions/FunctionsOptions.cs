using Pipeline.Delivery;
using Pipeline.Functions.Hosting;
using Pipeline.Storage;

namespace Pipeline.Functions;

/// <summary>All settings of the functions app, read once by <see cref="Read"/> and valid from then on.</summary>
public sealed record FunctionsOptions
{
    public required StorageOptions Storage { get; init; }

    public required DeliveryOptions Delivery { get; init; }

    /// <summary><c>FUNCTIONS_CUSTOMHANDLER_PORT</c>, or its older name <c>FUNCTIONS_HTTPWORKER_PORT</c>: set by the Functions host; null when the app runs by itself.</summary>
    public int? HandlerPort { get; init; }

    public bool IsCustomHandler => HandlerPort is not null;

    /// <summary><c>Functions__LocalTriggers</c>: pump queues and timers here. Default: when no host does it.</summary>
    public required bool LocalTriggers { get; init; }

    /// <summary><c>Functions__Key</c>: what callers must show when the app runs by itself; null for an open door on loopback. A secret.</summary>
    public string? Key { get; init; }

    /// <summary><c>PUBLIC_BASE_URL</c>: what people's browsers reach, for links; null for the address that a request came to.</summary>
    public Uri? PublicBaseUrl { get; init; }

    /// <summary><c>SHARE_LINK_DAYS</c>: how long a link opens.</summary>
    public int ShareLinkDays { get; init; } = 30;

    /// <summary><c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: where metrics and traces go; null for nowhere. The exporter reads its other OTEL_ settings by itself.</summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <summary><c>PROMETHEUS_ENDPOINT</c>: where <c>/metrics</c> can be scraped, of an app that stands alone; null for nowhere.</summary>
    public Uri? PrometheusEndpoint { get; init; }

    /// <summary><c>Functions__LocalHide</c>: how long a received message stays hidden from other pumps; renewed at half time.</summary>
    public TimeSpan LocalHide { get; init; } = TimeSpan.FromSeconds(30);

    /// <exception cref="InvalidSettingException">Names the first setting that is wrong, its value and what it may be.</exception>
    public static FunctionsOptions Read(IConfiguration configuration)
    {
        SettingReader settings = new(configuration);
        int? port = settings.Number("FUNCTIONS_CUSTOMHANDLER_PORT", 1, 65_535) ?? settings.Number("FUNCTIONS_HTTPWORKER_PORT", 1, 65_535);
        FunctionsOptions defaults = new() { Storage = DeliveryOptions.ReadStorage(configuration), Delivery = DeliveryOptions.Read(configuration), LocalTriggers = false };
        return defaults with
        {
            HandlerPort = port,
            LocalTriggers = settings.Flag("Functions__LocalTriggers") ?? port is null,
            Key = settings.Text("Functions__Key"),
            PublicBaseUrl = settings.Address("PUBLIC_BASE_URL"),
            ShareLinkDays = settings.Number("SHARE_LINK_DAYS", 1, 3650) ?? defaults.ShareLinkDays,
            TelemetryEndpoint = settings.AddressOrOff("OTEL_EXPORTER_OTLP_ENDPOINT"),
            PrometheusEndpoint = settings.AddressOrOff("PROMETHEUS_ENDPOINT"),
            LocalHide = settings.Time("Functions__LocalHide", TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(10)) ?? defaults.LocalHide,
        };
    }
}
