using Pipeline.Delivery;
using Pipeline.Functions.Local.Triggers;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.Functions.Local;

/// <summary>All settings of the functions without a Functions host, read once by <see cref="Read"/> and valid from then on.</summary>
internal sealed record LocalOptions
{
    public required StorageOptions Storage { get; init; }

    public required DeliveryOptions Delivery { get; init; }

    /// <summary><c>Functions__LocalTriggers</c>: call the functions from queues and timers. Default: yes.</summary>
    public bool LocalTriggers { get; init; } = true;

    /// <summary><c>Functions__Key</c>: what callers must show; null for the generated one in <see cref="KeyFile"/>. A secret.</summary>
    public string? Key { get; init; }

    /// <summary><c>Functions__KeyFile</c>: where a generated key is kept; null for the user's own data folder.</summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// <c>Functions__AllowedHosts</c>: names by which callers may call, with <c>;</c> between them; null for the default of
    /// <see cref="RequestGate"/>.
    /// </summary>
    public string? AllowedHosts { get; init; }

    /// <summary><c>PUBLIC_BASE_URL</c>: what people's browsers reach, for links; null for the address that a request came to.</summary>
    public Uri? PublicBaseUrl { get; init; }

    /// <summary><c>SHARE_LINK_DAYS</c>: how long a link opens.</summary>
    public int ShareLinkDays { get; init; } = 30;

    /// <summary>
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: where metrics and traces go; null for nowhere. The exporter reads its other OTEL_ settings by
    /// itself.
    /// </summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <summary><c>PROMETHEUS_ENDPOINT</c>: where <c>/metrics</c> can be scraped; null for nowhere.</summary>
    public Uri? PrometheusEndpoint { get; init; }

    /// <summary><c>Functions__LocalHide</c>: how long a received message stays hidden from other pumps; renewed at half time.</summary>
    public TimeSpan LocalHide { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>SHUTDOWN_GRACE</c>: how long functions under way may go on after SIGTERM; a number alone is in seconds.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary><c>RENDER_FORMATS</c>; nothing is rendered where the recordings belong to another service.</summary>
    public RenderOptions Render { get; init; } = new();

    /// <exception cref="InvalidSettingException">Names the first setting that is wrong, its value and what it may be.</exception>
    public static LocalOptions Read(IConfiguration configuration)
    {
        SettingReader settings = new(configuration);
        LocalOptions defaults = new()
        {
            Storage = DeliveryOptions.ReadStorage(configuration),
            Delivery = DeliveryOptions.Read(configuration)
        };
        string? formats = settings.Text("RENDER_FORMATS");
        RenderOptions render = RenderOptions.Read(formats, out bool isWrong);
        if (isWrong) throw new InvalidSettingException("RENDER_FORMATS", formats, RenderOptions.Expected);
        return defaults with
        {
            Render = defaults.Delivery.RecordingApiBaseUrl is null ? render : RenderOptions.Off,
            LocalTriggers = settings.Flag("Functions__LocalTriggers") ?? defaults.LocalTriggers,
            Key = settings.Text("Functions__Key"),
            KeyFile = settings.Text("Functions__KeyFile"),
            AllowedHosts = settings.Text("Functions__AllowedHosts"),
            PublicBaseUrl = settings.Address("PUBLIC_BASE_URL"),
            ShareLinkDays = settings.Number("SHARE_LINK_DAYS", 1, 3650) ?? defaults.ShareLinkDays,
            TelemetryEndpoint = settings.AddressOrOff("OTEL_EXPORTER_OTLP_ENDPOINT"),
            PrometheusEndpoint = settings.AddressOrOff("PROMETHEUS_ENDPOINT"),
            LocalHide = settings.Time("Functions__LocalHide", TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(10)) ?? defaults.LocalHide,
            ShutdownGrace = settings.Time("SHUTDOWN_GRACE", TimeSpan.Zero, TimeSpan.FromHours(1), unit: "s") ?? defaults.ShutdownGrace,
        };
    }
}
