using Microsoft.Extensions.Configuration;
using Pipeline.Delivery;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.Functions;

/// <summary>All settings of the worker, read once by <see cref="Read"/> and valid from then on.</summary>
internal sealed record WorkerOptions
{
    public required StorageOptions Storage { get; init; }

    public required DeliveryOptions Delivery { get; init; }

    /// <summary>
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>: where metrics and traces go; null for nowhere. The exporter reads its other OTEL_ settings by
    /// itself.
    /// </summary>
    public Uri? TelemetryEndpoint { get; init; }

    /// <summary><c>PUBLIC_BASE_URL</c>: what people's browsers reach, for links; null for the address that a request came to.</summary>
    public Uri? PublicBaseUrl { get; init; }

    /// <summary><c>SHARE_LINK_DAYS</c>: how long a link opens.</summary>
    public int ShareLinkDays { get; init; } = 30;

    /// <summary><c>RENDER_FORMATS</c>; nothing is rendered where the recordings belong to another service.</summary>
    public RenderOptions Render { get; init; } = new();

    /// <exception cref="InvalidSettingException">Names the first setting that is wrong, its value and what it may be.</exception>
    public static WorkerOptions Read(IConfiguration configuration)
    {
        SettingReader settings = new(configuration);
        WorkerOptions defaults = new()
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
            PublicBaseUrl = settings.Address("PUBLIC_BASE_URL"),
            ShareLinkDays = settings.Number("SHARE_LINK_DAYS", 1, 3650) ?? defaults.ShareLinkDays,
            TelemetryEndpoint = settings.AddressOrOff("OTEL_EXPORTER_OTLP_ENDPOINT"),
        };
    }
}
