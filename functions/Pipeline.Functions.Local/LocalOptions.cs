using Pipeline.Delivery;
using Pipeline.Functions.Local.Triggers;
using Pipeline.RecordingApi;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Pipeline.Storage;

namespace Pipeline.Functions.Local;

/// <summary>All settings of the functions without a Functions host, read once by <see cref="Read"/> and valid from then on.</summary>
internal sealed record LocalOptions
{
    public required StorageOptions Storage { get; init; }

    public required DeliveryOptions Delivery { get; init; }

    /// <summary>Without the key, which may have to be made first.</summary>
    public required ApiOptions Api { get; init; }

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

    /// <summary><c>Functions__CorsOrigins</c>: origins of web pages that may call the API, with <c>;</c> between them.</summary>
    public string? CorsOrigins { get; init; }

    /// <summary>
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: where metrics and traces go; null for nowhere. The exporter reads its other OTEL_ settings by
    /// itself.
    /// </summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <summary><c>PROMETHEUS_ENDPOINT</c>: where <c>/metrics</c> can be scraped; null for nowhere.</summary>
    public Uri? PrometheusEndpoint { get; init; }

    /// <summary><c>Functions__LocalHide</c>: how long a received message stays hidden from other pumps; renewed at half time.</summary>
    public TimeSpan LocalHide { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>RENDER_FOLDER</c>: where finished files lie too, as a full path; null for nowhere.</summary>
    public string? RenderFolder { get; init; }

    /// <summary><c>SHUTDOWN_GRACE</c>: how long functions under way may go on after SIGTERM; a number alone is in seconds.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>What is wrong becomes a problem of the reader; the options are usable only where there is none.</summary>
    public static LocalOptions Read(SettingReader setting)
    {
        DeliveryOptions delivery = DeliveryOptions.Read(setting);
        StorageOptions storage = DeliveryOptions.ReadStorage(setting);
        ApiOptions api = ApiOptions.Read(setting, isOurs: delivery.RecordingApiBaseUrl is null, runsModels: true);
        if (setting.Read(FunctionsSettings.ServeStorage))
        {
            setting.Demand(FunctionsSettings.PublicBaseUrl, $"an address: {FunctionsSettings.ServeStorage.Name} is true");
            if (api.PublicBaseUrl is { } root) storage = storage with { PublicBlobUri = new Uri(root, StoragePassage.Root) };
        }
        return new LocalOptions
        {
            Storage = storage,
            Delivery = delivery,
            Api = api,
            LocalTriggers = setting.Read(FunctionsSettings.LocalTriggers),
            Key = setting.Read(FunctionsSettings.Key),
            KeyFile = setting.Read(FunctionsSettings.KeyFile),
            AllowedHosts = setting.Read(FunctionsSettings.AllowedHosts),
            CorsOrigins = setting.Read(FunctionsSettings.CorsOrigins),
            TelemetryEndpoint = setting.Read(HostingSettings.Telemetry),
            PrometheusEndpoint = setting.Read(HostingSettings.Prometheus),
            LocalHide = setting.Read(FunctionsSettings.LocalHide),
            ShutdownGrace = setting.Read(HostingSettings.ShutdownGrace),
            RenderFolder = setting.Read(FunctionsSettings.RenderFolder) is { Length: > 0 } folder
                && !folder.Equals("off", StringComparison.OrdinalIgnoreCase) ? Path.GetFullPath(folder) : null,
        };
    }
}
